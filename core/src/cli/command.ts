import path from "node:path";

import type { Command } from "commander";

/** What every command's action gets beside its own arguments. */
export interface Invocation {
  /** `--project`, unresolved; undefined means: search upward from the working directory. */
  readonly projectDir: string | undefined;
  readonly json: boolean;
  /** Aborted by Ctrl-C or SIGTERM. */
  readonly signal: AbortSignal;
  /** Resolves then. */
  readonly interrupted: Promise<void>;
  /** A path as the user meant it: against the directory the command was started in. */
  path(file: string): string;
  /** Progress for a person, on stderr; nothing with no terminal unless `always`. */
  progress(message: string): void;
  /** The result: a JSON document with `--json`, otherwise the text. */
  result(document: unknown, text: string): void;
}

type Action = (invocation: Invocation, ...rest: never[]) => Promise<number | undefined>;

/**
 * Wraps a command's action: `program.command("x").action(act(async (invocation, argument, options) => status))`.
 * The number returned becomes the exit status (default 0). int64 in results: pass `jsonValue`d values.
 */
export function act(action: Action): (this: Command, ...rest: unknown[]) => Promise<void> {
  return async function (this: Command, ...rest: unknown[]) {
    const options = this.optsWithGlobals<{ project?: string; json?: boolean }>();
    const controller = new AbortController();
    const interrupted = new Promise<void>((resolve) => {
      controller.signal.addEventListener("abort", () => resolve(), { once: true });
    });
    const stop = (): void => {
      controller.abort(new Error("interrupted"));
    };
    process.once("SIGINT", stop);
    process.once("SIGTERM", stop);
    const json = options.json === true;
    const startedIn = process.cwd();
    const invocation: Invocation = {
      projectDir: options.project,
      json,
      signal: controller.signal,
      interrupted,
      path: (file) => path.resolve(startedIn, file),
      progress(message) {
        if (process.stderr.isTTY) process.stderr.write(`${message}\n`);
      },
      result(document, text) {
        process.stdout.write(json ? `${JSON.stringify(document)}\n` : text.endsWith("\n") || text === "" ? text : `${text}\n`);
      },
    };
    try {
      // Commander passes the command itself last; actions have no use for it.
      const status = await action(invocation, ...(rest.slice(0, -1) as never[]));
      if (status !== undefined && status !== 0) process.exitCode = status;
    } finally {
      process.off("SIGINT", stop);
      process.off("SIGTERM", stop);
    }
  };
}

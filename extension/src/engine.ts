import { execFile } from "node:child_process";
import path from "node:path";

import { followJob } from "skewproof/engine/follow-job";
import type { Job } from "skewproof/engine/job";

/** Starts the bundled command line with the editor's own Node. */
export interface CommandLine {
  readonly script: string;
  readonly env: NodeJS.ProcessEnv;
}

export const commandLine = (extensionPath: string): CommandLine => ({
  script: path.join(extensionPath, "server/bin/skewproof.mjs"),
  env: { ...process.env, ELECTRON_RUN_AS_NODE: "1" },
});

/** Runs a command to its end. Throws an Error with the command's own sentence. */
export function runCommand({ script, env }: CommandLine, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [script, ...args], { env, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(stderr.trim() === "" ? error.message : stderr.trim()));
    });
  });
}

interface Address {
  readonly url: string;
  readonly token: string;
}

/** Client of one project's engine; it is started by the first call and found again after it has ended. */
export class Engine {
  readonly root: string;
  readonly #command: CommandLine;
  #address: Promise<Address> | undefined;

  constructor(root: string, command: CommandLine) {
    this.root = root;
    this.#command = command;
  }

  #ensure(): Promise<Address> {
    this.#address ??= runCommand(this.#command, ["engine", "--ensure", "--json", "--project", this.root]).then(
      // The engine's own announcement.
      (stdout) => JSON.parse(stdout) as Address,
      (error: unknown) => {
        this.#address = undefined;
        throw error;
      },
    );
    return this.#address;
  }

  /** One request to the engine's API. Throws an Error with the engine's sentence. */
  async call<T>(method: "GET" | "POST" | "DELETE", route: string, body?: unknown): Promise<T> {
    const send = async (): Promise<Response> => {
      const { url, token } = await this.#ensure();
      const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
      return fetch(`${url}/api/${route}`, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    };
    const reply = await send().catch(() => {
      // It ended since it was last asked, idle or killed: once more with a new one.
      this.#address = undefined;
      return send();
    });
    const answer: unknown = await reply.json();
    // The engine answers every mistake with this form, everything else with what was asked for.
    if (!reply.ok) throw new Error((answer as { error: string }).error);
    return answer as T;
  }

  /** Runs a job to its end, telling of its progress; cancels it when `cancelled` says so. */
  run(
    kind: string,
    parameters: unknown,
    progress: (message: string) => void,
    cancelled: () => boolean,
  ): Promise<Job | undefined> {
    return followJob(
      (method, route, body) => this.call(method, route, body),
      kind,
      parameters,
      (message) => {
        if (message !== undefined) progress(message);
      },
      cancelled,
    );
  }
}

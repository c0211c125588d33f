export interface FileDigest {
  readonly path: string;
  readonly sha256: string;
}

/** What a run was made of and what it made. `started` and `seconds` are the only members that two equal runs differ in. */
export interface RunManifest {
  readonly version: 1;
  readonly id: string;
  readonly pipeline: string;
  readonly state: "done" | "failed";
  readonly started: string;
  readonly seconds: number;
  /** Digest of the project's definitions. */
  readonly definitions: string;
  readonly command: readonly string[];
  readonly parameters: Readonly<Record<string, string | number | boolean>>;
  /** By input: digest and manifest of the training set. */
  readonly inputs: Readonly<
    Record<string, { readonly sha256: string; readonly rows: number; readonly service: string; readonly labels: string }>
  >;
  readonly code: { readonly files: readonly FileDigest[]; readonly commit?: string; readonly dirty?: boolean };
  readonly environment: {
    readonly platform: string;
    readonly python?: string;
    readonly requirements?: FileDigest;
    readonly packages?: readonly string[];
  };
  /** By output; a model's registered version. */
  readonly outputs: Readonly<Record<string, { readonly sha256: string; readonly file: string; readonly version?: string }>>;
  readonly metrics?: unknown;
  /** The run this one repeats. */
  readonly replayOf?: string;
}

/** One thing in which two runs differ. */
export interface RunDifference {
  readonly what: string;
  readonly a: unknown;
  readonly b: unknown;
}

const parts = ["definitions", "command", "parameters", "inputs", "code.files", "environment", "outputs"] as const;

/** What differs between two runs, in the order in which it matters: definitions, inputs, code, environment, outputs. */
export function compareRuns(a: RunManifest, b: RunManifest): RunDifference[] {
  return parts.flatMap((part) => {
    const [x, y] = [reduced(a, part), reduced(b, part)];
    return [...new Set([...Object.keys(x), ...Object.keys(y)])]
      .sort()
      .flatMap((key) =>
        x[key] === y[key] ? [] : [{ what: key === "" ? part : `${part}.${key}`, a: x[key] ?? null, b: y[key] ?? null }],
      );
  });
}

/** The part of a manifest as texts by name; where files stand, and which version number they got, is no difference. */
function reduced(manifest: RunManifest, part: (typeof parts)[number]): Record<string, string> {
  switch (part) {
    case "definitions":
      return { "": manifest.definitions };
    case "command":
      return { "": JSON.stringify(manifest.command) };
    case "code.files":
      return Object.fromEntries(manifest.code.files.map(({ path, sha256 }) => [path, sha256]));
    case "inputs":
    case "outputs":
      return Object.fromEntries(Object.entries(manifest[part]).map(([name, { sha256 }]) => [name, sha256]));
    case "parameters":
    case "environment":
      return Object.fromEntries(Object.entries(manifest[part]).map(([name, value]) => [name, JSON.stringify(value)]));
  }
}

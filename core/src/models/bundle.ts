import type { InputMapping } from "./input-mapping.js";

/** `bundle.json`: what a model version is. Its SHA-256, in canonical JSON, names the bundle. */
export interface Bundle {
  /** 1; a number that this version does not know is refused on reading. */
  readonly format: number;
  readonly model: string;
  readonly version: string;
  readonly project: string;
  readonly service: string;
  readonly task: string;
  readonly output: { readonly name: string; readonly class?: number };
  readonly inputs: readonly InputMapping[];
  readonly fill: Readonly<Record<string, number | string | boolean>>;
  readonly features: readonly { readonly name: string; readonly type: string }[];
  /** Digest of the project's definitions at registration. */
  readonly definitions: string;
  readonly run?: string;
  /** SHA-256 by file name, for every other file of the bundle. */
  readonly files: Readonly<Record<string, string>>;
}

/** One registered version of a model. */
export interface ModelVersion {
  readonly model: string;
  readonly version: string;
  /** SHA-256 of the canonical `bundle.json`. */
  readonly digest: string;
  readonly folder: string;
  readonly bundle: Bundle;
}

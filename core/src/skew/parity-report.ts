/** One place where the online value is not the offline one. */
export interface ParityExample {
  readonly entities: Readonly<Record<string, unknown>>;
  readonly request: Readonly<Record<string, unknown>>;
  /** ISO 8601. */
  readonly at: string;
  readonly online: unknown;
  readonly offline: unknown;
  /** The first operator whose results differ: `rows` where the store holds other rows than the source, else its text. */
  readonly operator: string;
  readonly because: string;
}

export interface ParityFeature {
  readonly feature: string;
  readonly compared: number;
  readonly different: number;
  readonly examples: readonly ParityExample[];
}

export interface ParityReport {
  readonly service: string;
  /** Key and moment pairs that were read both ways. */
  readonly compared: number;
  readonly equal: number;
  readonly different: number;
  /** What draws the same pairs again. */
  readonly seed: number;
  /** ISO 8601, by view: what the store holds, and what the offline side was limited to. */
  readonly materializedUntil: Readonly<Record<string, string>>;
  readonly features: readonly ParityFeature[];
}

/** What a view asks of the place it is drawn in. */
export type Request =
  | { readonly type: "open-feature"; readonly view: string; readonly feature: string }
  /** `line` is zero-based. */
  | { readonly type: "open-definition"; readonly file: string; readonly line: number }
  | { readonly type: "run-skew"; readonly service: string };

/** The place a view is drawn in. Without `send` (notebook output, a saved page) nothing is offered that needs an answer. */
export interface Host {
  readonly send?: (request: Request) => void;
}

export interface Rendered {
  /** Takes the view out of its element. */
  dispose(): void;
}

/** The version of the package, the bundle format and the engine's API, all released together. */
export const version = "0.1.0";

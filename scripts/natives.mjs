/** Native packages stay outside every bundle; they are loaded only where they run. */
export const natives = ["@duckdb/node-api", "lmdb", "onnxruntime-node", "@napi-rs/canvas"];

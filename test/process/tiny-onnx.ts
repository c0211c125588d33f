/** A field of a protocol buffer: varint for numbers, length-delimited for the rest. */
type Field = readonly [number: number, value: number | string | Uint8Array];

function varint(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...bytes, rest];
    bytes.push((rest % 128) | 128);
  }
}

function message(...fields: readonly Field[]): Uint8Array {
  const bytes = fields.flatMap(([number, value]) => {
    if (typeof value === "number") return [...varint(number * 8), ...varint(value)];
    const data = typeof value === "string" ? new TextEncoder().encode(value) : value;
    return [...varint(number * 8 + 2), ...varint(data.length), ...data];
  });
  return Uint8Array.from(bytes);
}

function tensorType(name: string, columns: number): Uint8Array {
  const shape = message([1, message([2, "N"])], [1, message([1, columns])]);
  return message([1, name], [2, message([1, message([1, 1], [2, shape])])]);
}

/**
 * An ONNX file (opset 17) that computes `score = sigmoid(features · weights)` for float32 `features` `[N, k]`;
 * `score` is `[N, 1]`.
 */
export function tinyOnnx(weights: readonly number[]): Uint8Array {
  const raw = new Uint8Array(Float32Array.from(weights).buffer);
  const initializer = message([1, weights.length], [1, 1], [2, 1], [8, "weights"], [9, raw]);
  const node = (operation: string, inputs: readonly string[], output: string): Uint8Array =>
    message(...inputs.map((input): Field => [1, input]), [2, output], [3, output], [4, operation]);
  const graph = message(
    [1, node("MatMul", ["features", "weights"], "product")],
    [1, node("Sigmoid", ["product"], "score")],
    [2, "tiny"],
    [5, initializer],
    [11, tensorType("features", weights.length)],
    [12, tensorType("score", 1)],
  );
  return message([1, 8], [7, graph], [8, message([2, 17])]);
}

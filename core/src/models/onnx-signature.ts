/** One input or output of an ONNX model. */
export interface OnnxTensor {
  readonly name: string;
  /** ONNX Runtime's name: float32, float64, int64, int32, bool, string, … */
  readonly type: string;
  /** A number is fixed, a text names a dimension that is free. */
  readonly shape: readonly (number | string)[];
}

export interface OnnxSignature {
  readonly inputs: readonly OnnxTensor[];
  readonly outputs: readonly OnnxTensor[];
}

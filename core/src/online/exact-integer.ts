/**
 * Exact integers as floats: `size` limbs of 52 bits, lowest first; the highest carries the sign. Adding them costs no
 * allocation, unlike bigints.
 */
const limb = 2 ** 52;

/** Limbs for integers of so many bits, summed up to 2^40 times. */
export function limbsFor(bits: number): number {
  return Math.max(1, Math.ceil((bits + 40 - 53) / 52) + 1);
}

export function addInteger(floats: Float64Array, at: number, size: number, value: bigint): void {
  let rest = value;
  let carry = 0;
  for (let index = 0; index < size - 1; index++) {
    const sum = (floats[at + index] ?? 0) + Number(BigInt.asUintN(52, rest)) + carry;
    carry = sum >= limb ? 1 : 0;
    floats[at + index] = sum - carry * limb;
    rest >>= 52n;
  }
  floats[at + size - 1] = (floats[at + size - 1] ?? 0) + Number(rest) + carry;
}

export function addLimbs(floats: Float64Array, at: number, size: number, source: Float64Array, from: number): void {
  let carry = 0;
  for (let index = 0; index < size - 1; index++) {
    const sum = (floats[at + index] ?? 0) + (source[from + index] ?? 0) + carry;
    carry = sum >= limb ? 1 : 0;
    floats[at + index] = sum - carry * limb;
  }
  floats[at + size - 1] = (floats[at + size - 1] ?? 0) + (source[from + size - 1] ?? 0) + carry;
}

export function readInteger(floats: Float64Array, at: number, size: number): bigint {
  let value = BigInt(floats[at + size - 1] ?? 0);
  for (let index = size - 2; index >= 0; index--) value = (value << 52n) + BigInt(floats[at + index] ?? 0);
  return value;
}

export function compareLimbs(a: Float64Array, atA: number, b: Float64Array, atB: number, size: number): number {
  for (let index = size - 1; index >= 0; index--) {
    const difference = (a[atA + index] ?? 0) - (b[atB + index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

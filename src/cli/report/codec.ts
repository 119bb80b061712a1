/**
 * How numbers travel into the page: each column by itself, each number as its difference to the one before, in as few
 * bytes as that takes. Neighbours in a log are alike, so that most take one. Both sides use this file: no Node here.
 */

/** Whole numbers from -1 to 2^53-1: two of them are never further apart than a number can say. */
export function encodeColumn(values: ArrayLike<number>): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(values.length * 9);
  let at = 0;
  let before = 0;
  for (let index = 0; index < values.length; index++) {
    const value = values[index] ?? 0;
    const difference = value - before;
    before = value;
    let rest = Math.abs(difference);
    // Bit 0 is the sign, bits 1 to 6 begin the value, bit 7 says that more follows; then seven bits each.
    const head = ((rest % 64) << 1) | (difference < 0 ? 1 : 0);
    rest = Math.floor(rest / 64);
    bytes[at++] = rest > 0 ? head | 0x80 : head;
    while (rest > 0) {
      const low = rest % 128;
      rest = Math.floor(rest / 128);
      bytes[at++] = rest > 0 ? low | 0x80 : low;
    }
  }
  return bytes.slice(0, at);
}

/** The same numbers again. `count` of them must be there. */
export function decodeColumn(bytes: Uint8Array, count: number): Float64Array {
  const values = new Float64Array(count);
  let at = 0;
  let value = 0;
  for (let index = 0; index < count; index++) {
    let byte = bytes[at++] ?? 0;
    const isNegative = (byte & 1) === 1;
    let difference = (byte & 0x7e) >> 1;
    let scale = 64;
    while ((byte & 0x80) !== 0) {
      byte = bytes[at++] ?? 0;
      difference += (byte & 0x7f) * scale;
      scale *= 128;
    }
    value += isNegative ? -difference : difference;
    values[index] = value;
  }
  return values;
}

/** A table by its columns: where each one lies is said by the lengths, in the order of the fields. */
export interface TableShape {
  rows: number;
  fields: readonly string[];
  lengths: readonly number[];
}

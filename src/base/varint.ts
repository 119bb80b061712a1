/** LEB128 integers up to 2^53-1: seven bits a byte, least significant first, high bit = more follows. */

export const varintBytesMax = 8;

export function varintLength(value: number): number {
  let length = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) length++;
  return length;
}

/** Writes `value` at `offset` and returns the offset after it. `value` is a non-negative safe integer. */
export function writeVarint(buffer: Uint8Array, offset: number, value: number): number {
  let rest = value;
  let at = offset;
  while (rest >= 0x80) {
    buffer[at++] = (rest % 0x80) + 0x80;
    rest = Math.floor(rest / 0x80);
  }
  buffer[at++] = rest;
  return at;
}

/**
 * Reads integers one after another; `offset` is where the next one starts. Throws RangeError on a cut, overlong or too
 * large one.
 */
export class VarintReader {
  readonly buffer: Uint8Array;
  offset: number;
  readonly end: number;

  constructor(buffer: Uint8Array, offset = 0, end = buffer.length) {
    this.buffer = buffer;
    this.offset = offset;
    this.end = end;
  }

  next(): number {
    let scale = 1;
    let value = 0;
    for (let read = 0; read < varintBytesMax; read++) {
      if (this.offset >= this.end) throw new RangeError('integer is cut off');
      const byte = this.buffer[this.offset++] as number;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (byte === 0 && read > 0) throw new RangeError('integer is not in its shortest form');
        if (value > Number.MAX_SAFE_INTEGER) throw new RangeError('integer above 2^53-1');
        return value;
      }
      scale *= 0x80;
    }
    throw new RangeError('integer is too long');
  }
}

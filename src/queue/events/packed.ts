import { asBuffer } from '../../base/bytes.ts';

/**
 * Bytes kept in memory for long: one character per byte in a string (16 bytes of overhead and no external memory; a
 * Uint8Array has about 200), and a copy outside the heap when they are large. Content is UTF-8 text either way.
 */
export type Packed = string | Uint8Array;

const heapBytesMax = 16 * 1024;
const beyondAscii = /[\x80-\xff]/;

/** Text as it is, where every character is one byte; its bytes else. */
export function packText(text: string): Packed {
  return Buffer.byteLength(text) === text.length ? text : Buffer.from(text);
}

/** Copies: the source may be reused afterwards. */
export function packSlice(bytes: Buffer, from: number, to: number): Packed {
  return to - from > heapBytesMax ? Uint8Array.from(bytes.subarray(from, to)) : bytes.toString('latin1', from, to);
}

/** What is packed already stays as it is. */
export function pack(bytes: Packed): Packed {
  return typeof bytes === 'string' ? bytes : packSlice(asBuffer(bytes), 0, bytes.length);
}

export function packedBytes(packed: Packed): Uint8Array {
  return typeof packed === 'string' ? Buffer.from(packed, 'latin1') : packed;
}

export function packedText(packed: Packed): string {
  if (typeof packed !== 'string') return asBuffer(packed).toString('utf8');
  return beyondAscii.test(packed) ? Buffer.from(packed, 'latin1').toString('utf8') : packed;
}

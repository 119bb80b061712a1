import { crc32 } from 'node:zlib';
import { assert } from './errors.ts';

/**
 * CRC-32 (IEEE) of the bytes, continued from `seed`. Native: 2 GB/s and more over kilobytes, so it is called per
 * frame, never per record.
 */
export function crcOf(bytes: Uint8Array, seed = 0): number {
  return crc32(bytes, seed);
}

/** An unsigned 64-bit little-endian integer; `undefined` above 2^53-1, which no healthy file holds. */
export function readU64(view: DataView, offset: number): number | undefined {
  const high = view.getUint32(offset + 4, true);
  return high > 0x1fffff ? undefined : high * 0x1_0000_0000 + view.getUint32(offset, true);
}

/** `value` is a non-negative safe integer. */
export function writeU64(view: DataView, offset: number, value: number): void {
  assert(Number.isSafeInteger(value) && value >= 0, 'a u64 holds a non-negative safe integer');
  view.setUint32(offset, value % 0x1_0000_0000, true);
  view.setUint32(offset + 4, Math.floor(value / 0x1_0000_0000), true);
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The same bytes, not a copy. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

export function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}

const digits = Buffer.from('0123456789abcdef', 'latin1');

/** The two hex digits of a byte, into `text` from `at` on. */
export function putHex(text: Uint8Array, at: number, byte: number): void {
  text[at] = digits[byte >> 4] ?? 0;
  text[at + 1] = digits[byte & 15] ?? 0;
}

/** A CRC, salt or link as messages show it: 8 hex digits. */
export function hex32(value: number): string {
  return value.toString(16).padStart(8, '0');
}

const zeros = Buffer.alloc(4096);

/** Whether bytes[from, to) are all zero; true for none. */
export function allZero(bytes: Uint8Array, from = 0, to = bytes.length): boolean {
  for (let at = from; at < to; at += zeros.length) {
    const end = Math.min(at + zeros.length, to);
    if (zeros.compare(bytes, at, end, 0, end - at) !== 0) return false;
  }
  return true;
}

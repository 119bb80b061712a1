import { decodeFrameHeader, frameAlignment, frameMagicBytes } from './format.ts';

/** Offset of the first sound header at a multiple of 8 from index `from` on, or -1. `base`: the offset of bytes[0]. */
export function findFrameHeader(bytes: Uint8Array, from: number, base: number, salt: number): number {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  let index = from;
  for (;;) {
    index = buffer.indexOf(frameMagicBytes, index);
    if (index < 0) return -1;
    const offset = base + index;
    if (offset % frameAlignment === 0 && decodeFrameHeader(bytes, index, offset, salt) !== undefined) return offset;
    index++;
  }
}

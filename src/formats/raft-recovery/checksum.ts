import type { SeqValue } from '../seq.ts';

/**
 * checksum = CRC-32 (IEEE) over utf8(type) + utf8(job_id) + utf8(rune(seq)), nothing between them; the timestamp is
 * not covered.
 *
 * rune(seq) is what Go's `string(rune(seq))` makes of a number: its low 32 bits as a signed integer, taken as a code
 * point. Negative, above 0x10FFFF, and 0xD800..0xDFFF give U+FFFD. So all numbers of a surrogate range, and most
 * above 0x10FFFF, share one checksum.
 *
 * A table in JavaScript, not zlib: a record has some 20 bytes to sum, and the call alone would cost more.
 */
const table = new Int32Array(256);
for (let byte = 0; byte < 256; byte++) {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  table[byte] = crc;
}

export const crcStart = -1;

export function crcByte(crc: number, byte: number): number {
  return (crc >>> 8) ^ (table[(crc ^ byte) & 0xff] as number);
}

function crcBytes(crc: number, bytes: Uint8Array): number {
  let next = crc;
  for (let at = 0; at < bytes.length; at++) next = crcByte(next, bytes[at] as number);
  return next;
}

export function crcEnd(crc: number): number {
  return ~crc >>> 0;
}

/** Adds utf8(rune(seq)). */
export function crcRune(crc: number, seq: SeqValue): number {
  const low = typeof seq === 'number' && seq <= 0xffffffff ? seq | 0 : Number(BigInt.asIntN(32, BigInt(seq)));
  const isCodePoint = low >= 0 && low <= 0x10ffff && (low < 0xd800 || low > 0xdfff);
  const point = isCodePoint ? low : 0xfffd;
  if (point < 0x80) return crcByte(crc, point);
  let next: number;
  if (point < 0x800) {
    next = crcByte(crc, 0xc0 | (point >> 6));
  } else {
    if (point < 0x10000) {
      next = crcByte(crc, 0xe0 | (point >> 12));
    } else {
      next = crcByte(crcByte(crc, 0xf0 | (point >> 18)), 0x80 | ((point >> 12) & 0x3f));
    }
    next = crcByte(next, 0x80 | ((point >> 6) & 0x3f));
  }
  return crcByte(next, 0x80 | (point & 0x3f));
}

/** The checksum of one record. Lone surrogates count as U+FFFD, as everywhere in UTF-8. */
export function checksumOf(type: string, jobId: string, seq: SeqValue): number {
  const text = Buffer.from(type + jobId);
  return crcEnd(crcRune(crcBytes(crcStart, text), seq));
}

/**
 * The bytes that stood for the U+FFFD of an id when it was summed, if one or two bytes make the checksum right: Go
 * writes one U+FFFD for each byte that is not UTF-8. With two bytes a false match has odds of 1 in 250,000, so a
 * match proves that the record is as it was written.
 */
export function originalBytes(type: string, jobId: string, seq: SeqValue, checksum: number): number[] | undefined {
  const parts = jobId.split('\ufffd').map((part) => Buffer.from(part));
  const [head, middle, tail] = parts;
  if (head === undefined || middle === undefined || parts.length > 3) return undefined;
  const typeBytes = Buffer.from(type);
  const before = crcBytes(crcBytes(crcStart, typeBytes), head);
  for (let first = 0x80; first <= 0xff; first++) {
    const one = crcBytes(crcByte(before, first), middle);
    if (tail === undefined) {
      if (crcEnd(crcRune(one, seq)) === checksum) return [first];
      continue;
    }
    for (let second = 0x80; second <= 0xff; second++) {
      if (crcEnd(crcRune(crcBytes(crcByte(one, second), tail), seq)) === checksum) return [first, second];
    }
  }
  return undefined;
}

import { crc32 } from 'node:zlib';

/** Writes what raft-recovery writes, from its rules alone; shares no code with the reader. */

type EventType = 'ENQUEUE' | 'DISPATCH' | 'ACK' | 'RETRY' | 'TIMEOUT' | 'DEAD';

/** Go's string(rune(n)) as UTF-8. */
function runeBytes(seq: bigint): Buffer {
  const low = BigInt.asIntN(32, seq);
  const valid = low >= 0n && low <= 0x10ffffn && !(low >= 0xd800n && low <= 0xdfffn);
  return Buffer.from(String.fromCodePoint(valid ? Number(low) : 0xfffd));
}

/** `id` as bytes: the system sums them as they are, whatever they are. */
export function goChecksum(type: string, id: Uint8Array | string, seq: bigint): number {
  return crc32(Buffer.concat([Buffer.from(type), Buffer.from(id), runeBytes(seq)]));
}

/**
 * Go's json.Marshal of a string: HTML characters and the two separators escaped, control characters as \u00XX or
 * short.
 */
export function goString(text: string): string {
  const unicode = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return JSON.stringify(text)
    .replace(/[<>&\u2028\u2029]/g, unicode)
    .replace(/\\[bf]/g, (short) => (short === '\\b' ? '\\u0008' : '\\u000c'));
}

export interface Written {
  seq: bigint | number;
  type?: EventType | string;
  id?: string;
  timestamp?: number;
  checksum?: number;
}

export function line({ seq, type = 'ENQUEUE', id = `job-${seq}`, timestamp, checksum }: Written): string {
  const sum = checksum ?? goChecksum(type, id, BigInt(seq));
  const time = timestamp ?? 1_763_846_477_000 + Number(BigInt(seq) % 1000n);
  return `{"seq":${seq},"type":${goString(type)},"job_id":${goString(id)},"timestamp":${time},"checksum":${sum}}`;
}

/** Sound lines with these numbers, each with its newline. `session` makes another session's records differ. */
export function log(seqs: readonly (bigint | number)[], session = 0): string {
  return seqs.map((seq) => `${line({ seq, timestamp: 1_763_846_477_000 + session * 1000 + Number(seq) })}\n`).join('');
}

export function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, at) => first + at);
}

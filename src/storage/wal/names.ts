/**
 * `0000000001-00000000000000000001.wal`: ordinal and first seq. No time in a name: clocks go back, two rotations fall
 * in one second.
 */

export interface SegmentName {
  name: string;
  ordinal: number;
  seqFirst: number;
}

export function segmentFileName(ordinal: number, seqFirst: number): string {
  return `${String(ordinal).padStart(10, '0')}-${String(seqFirst).padStart(20, '0')}.wal`;
}

export function parseSegmentFileName(name: string): SegmentName | undefined {
  const match = /^(\d{10,16})-(\d{20})\.wal$/.exec(name);
  if (!match) return undefined;
  const ordinal = Number(match[1]);
  const seqFirst = Number(match[2]);
  if (!Number.isSafeInteger(ordinal) || !Number.isSafeInteger(seqFirst)) return undefined;
  return segmentFileName(ordinal, seqFirst) === name ? { name, ordinal, seqFirst } : undefined;
}

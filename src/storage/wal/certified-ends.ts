import { type SegmentHeader, sealBytes } from './format.ts';
import type { FoundSlot } from './head.ts';
import { headerOf, usedFrames } from './judge-parts.ts';
import type { Evidence, LogScan, SegmentResult } from './scan-log.ts';

/** FORMAT.md, "the certified end": for each segment the largest offset below which something proves durability. */
export function certifiedEnds(
  log: LogScan,
  head: FoundSlot | undefined,
  evidence: Evidence,
): ReadonlyMap<SegmentResult, number> {
  const ends = new Map<SegmentResult, number>();
  let laterInUse = evidence.nextInUse === true;
  let next = evidence.nextHeader;
  for (const result of log.segments.toReversed()) {
    const later = { inUse: laterInUse, header: next };
    ends.set(result, certifiedEnd(result, later, head, evidence));
    laterInUse ||= usedFrames(result);
    next = result.scan.header;
  }
  return ends;
}

/** `later`: the header of the segment after it, and whether any after it is in use. */
function certifiedEnd(
  result: SegmentResult,
  later: { inUse: boolean; header: SegmentHeader | undefined },
  head: FoundSlot | undefined,
  evidence: Evidence,
): number {
  const header = headerOf(result);
  if (header === undefined) return 0;
  if (later.inUse || (head && head.ordinal > header.ordinal)) return Number.POSITIVE_INFINITY;
  const ends = [result.scan.certified];
  if (head?.ordinal === header.ordinal) ends.push(head.end);
  for (const { ordinal, salt, offset } of evidence.points ?? []) {
    if (ordinal === header.ordinal && salt === header.salt) ends.push(offset);
  }
  const next = later.header;
  if (next?.ordinal === header.ordinal + 1 && next.prevSalt === header.salt) ends.push(next.prevEnd - sealBytes);
  return Math.max(...ends);
}

import type { FoundSlot } from './head.ts';
import { belongs, headerOf } from './judge-parts.ts';
import { type Evidence, isForeign, type LogScan, type SegmentResult } from './scan-log.ts';

/**
 * Files behind the end of the log that are no part of it. HEAD says closed where the last frame of its segment ends: a
 * segment is used only once the one before it has its SEAL, and this one has none. A file that cannot be read, is of
 * another store, or a copy of what stands there already, is then nothing that was written next.
 */
export function straysOf(
  log: LogScan,
  head: FoundSlot | undefined,
  storeId: string | undefined,
): ReadonlySet<SegmentResult> {
  const last = log.segments.findIndex((result) => {
    return belongs(result, storeId) && headerOf(result)?.ordinal === head?.ordinal && result.scan.header !== undefined;
  });
  const end = log.segments[last];
  const behind = log.segments.slice(last + 1);
  const isClosed = head?.closed && head.perhapsOlder !== true;
  const isEnd = isClosed && end?.pointsPassed.get(head) && end.scan.size === head.end;
  if (!isEnd || !behind.every((result) => isStray(result, log, storeId))) return new Set();
  return new Set(behind);
}

/**
 * Segments of another store behind one that was never sealed: no segment of this log was used after that, and theirs
 * say nothing of it.
 */
export function foreignBehind(log: LogScan, evidence: Evidence): ReadonlySet<SegmentResult> {
  const last = log.segments.findLastIndex(({ scan }) => !isForeign(scan.header, evidence));
  const isOpen = log.segments[last]?.scan.sealed === false;
  return new Set(isOpen ? log.segments.slice(last + 1) : []);
}

function isStray(result: SegmentResult, log: LogScan, storeId: string | undefined): boolean {
  const { header, headerResult, pieced } = result.scan;
  if (header === undefined) return pieced === undefined && !(!headerResult.ok && headerResult.why === 'newer');
  if (storeId !== undefined && header.storeId !== storeId) return true;
  return log.segments.some((other) => {
    const own = other.scan.header;
    const same = own?.ordinal === header.ordinal && own.salt === header.salt;
    return other !== result && same && belongs(other, storeId) && isWhole(other) && holdsAll(other, result);
  });
}

function isWhole({ scan }: SegmentResult): boolean {
  return scan.holes.length === 0 && scan.holesOmitted === 0;
}

function holdsAll({ scan }: SegmentResult, copy: SegmentResult): boolean {
  return copy.scan.last.end <= scan.last.end;
}

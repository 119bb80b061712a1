import type { FoundSlot } from './head.ts';
import { belongs } from './judge-parts.ts';
import type { LogScan, SegmentResult } from './scan-log.ts';

/**
 * Segments of a copy of this store that went its own way: it has the same id, and its segments have the same names and
 * seqs, but other events. Each row of segments that follow one another is one history. HEAD tells which is ours: a row
 * that does not follow the one before it is not, if HEAD knows another segment in its place, or stands in a later row,
 * which does not follow this one either. Nobody can say so where HEAD is gone, or where other damage leaves open what
 * follows what.
 */
export function forkedOf(
  log: LogScan,
  head: FoundSlot | undefined,
  storeId: string | undefined,
): ReadonlySet<SegmentResult> {
  const { segments } = log;
  if (head === undefined || log.stopped || !segments.every((result) => isSound(result, storeId))) return new Set();
  const rows: SegmentResult[][] = [];
  for (const result of segments) {
    const before = rows.at(-1)?.at(-1);
    if (before === undefined || isOtherHistory(before, result)) rows.push([result]);
    else rows.at(-1)?.push(result);
  }
  const ours = rows.findIndex((row) => row.some(({ scan: { header } }) => isHeadOf(header, head)));
  const isForked = (row: readonly SegmentResult[], at: number): boolean =>
    at > 0 &&
    (at < ours || row.some(({ scan: { header } }) => header?.ordinal === head.ordinal && header.salt !== head.salt));
  return new Set(rows.filter(isForked).flat());
}

function isSound(result: SegmentResult, storeId: string | undefined): boolean {
  const { scan } = result;
  return belongs(result, storeId) && scan.header !== undefined && scan.holes.length === 0 && scan.holesOmitted === 0;
}

function isHeadOf(header: SegmentResult['scan']['header'], head: FoundSlot): boolean {
  return header?.ordinal === head.ordinal && header.salt === head.salt;
}

/** It says that another segment came before it, or one that went on in another way; both can be read to their ends. */
function isOtherHistory({ scan: before }: SegmentResult, { scan: { header } }: SegmentResult): boolean {
  if (header === undefined || before.header?.ordinal !== header.ordinal - 1 || !before.sealed) return false;
  return header.prevSalt !== before.header.salt || header.prevLink !== before.last.link;
}

import type { SegmentHeader } from './format.ts';
import type { FoundSlot } from './head.ts';
import { belongs, headerOf } from './judge-parts.ts';
import type { LogScan, SegmentResult } from './scan-log.ts';

/** Segments that follow one another. */
interface Row {
  /** It is proven not to follow the row before it. Otherwise nobody can say. */
  apart: boolean;
  segments: SegmentResult[];
}

/**
 * Segments of a copy of this store that went its own way: it has the same id, and its segments have the same names and
 * seqs, but other events. Each row of segments that follow one another is one history. HEAD tells which is ours: a row
 * that does not follow the one before it is not, if HEAD stands in that one, or knows another segment in its place, or
 * stands in a later row, and the next does not follow this one either. Nobody can say so where HEAD is gone, or where
 * damage leaves open what follows what; headers and SEALs tell, whatever lies between them.
 */
export function forkedOf(
  log: LogScan,
  head: FoundSlot | undefined,
  storeId: string | undefined,
): ReadonlySet<SegmentResult> {
  if (head === undefined || log.stopped) return new Set();
  const rows: Row[] = [];
  for (const result of log.segments) {
    if (!belongs(result, storeId)) continue;
    const row = rows.at(-1);
    const before = row?.segments.at(-1);
    const goesOn = before && follows(before, result.scan.header);
    if (row !== undefined && goesOn === true) row.segments.push(result);
    else rows.push({ apart: goesOn === false, segments: [result] });
  }
  const ours = rows.findIndex(({ segments }) => segments.some((result) => isHeadOf(headerOf(result), head)));
  const isForked = ({ apart, segments }: Row, at: number): boolean => {
    if (!apart) return false;
    if (at - 1 === ours || (at < ours && rows[at + 1]?.apart === true)) return true;
    return segments.map(headerOf).some((header) => header?.ordinal === head.ordinal && header.salt !== head.salt);
  };
  const forked = new Set(rows.filter(isForked).flatMap(({ segments }) => segments));
  // Another copy of one of them, under a wrong name.
  const theirs = new Set([...forked].map(originOf));
  return new Set(log.segments.filter((result) => forked.has(result) || theirs.has(originOf(result))));
}

/** Which segment it is, whatever it is called; the salt is random. */
function originOf(result: SegmentResult): string {
  const header = headerOf(result);
  return header === undefined ? result.input.file : `${header.ordinal} ${header.salt}`;
}

function isHeadOf(header: SegmentHeader | undefined, head: FoundSlot): boolean {
  return header?.ordinal === head.ordinal && header.salt === head.salt;
}

/**
 * False of a segment that says that another one came before it, or one that went on in another way. Undefined where one
 * between them is missing, its header cannot be read, or the one before has no SEAL.
 */
function follows(before: SegmentResult, header: SegmentHeader | undefined): boolean | undefined {
  const own = headerOf(before);
  if (header === undefined || own?.ordinal !== header.ordinal - 1) return undefined;
  if (header.prevSalt !== own.salt) return false;
  return before.scan.sealed ? header.prevLink === before.scan.last.link : undefined;
}

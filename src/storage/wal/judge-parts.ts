import { hex32 } from '../../base/bytes.ts';
import type { LostRange } from '../types.ts';
import { type SegmentHeader, segmentHeaderBytes } from './format.ts';
import type { SegmentResult } from './scan-log.ts';

/** Has a frame ever been written to this segment? A hole that is not mere zeros counts: something is there. */
export function usedFrames(result: SegmentResult): boolean {
  return result.scan.frames > 0 || result.scan.holes.some((hole) => hole.kind !== 'zeros');
}

/** The header can be read and, as far as is known, names this store. */
function isOurs({ scan }: SegmentResult, storeId: string | undefined): boolean {
  return scan.header !== undefined && (storeId === undefined || scan.header.storeId === storeId);
}

/** Ours, or with frames that hold by what is known of its header. */
export function isReadable(result: SegmentResult, storeId: string | undefined): boolean {
  return result.scan.pieced !== undefined || isOurs(result, storeId);
}

/** The header, or what is known of it. */
export function headerOf({ scan }: SegmentResult): SegmentHeader | undefined {
  return scan.header ?? scan.pieced;
}

/** Could everything up to `offset` be read, so that it can be told whether a frame ends there? */
export function isReadTo(result: SegmentResult, offset: number): boolean {
  const { last, holes, pieced } = result.scan;
  if (headerOf(result) === undefined || last.end < offset) return false;
  // What the header was before it was damaged, only the first frame tells.
  const first = pieced && offset === segmentHeaderBytes ? offset + 1 : offset;
  return holes.every((hole) => hole.offset >= first);
}

/** The header of another store says nothing of what stood there. */
export function seqFirstOf(result: SegmentResult, storeId: string | undefined): number {
  const own = isReadable(result, storeId) ? headerOf(result)?.seqFirst : undefined;
  return own ?? result.input.name?.seqFirst ?? 1;
}

/** Ours, or pieced together, and under its own name. */
export function belongs(result: SegmentResult, storeId: string | undefined): boolean {
  const { name } = result.input;
  const header = headerOf(result);
  const named = !name || (name.ordinal === header?.ordinal && name.seqFirst === header.seqFirst);
  return named && isReadable(result, storeId);
}

export function seqs(seqFirst: number, seqLast: number): { seqFirst: number; seqLast: number } | undefined {
  return seqLast >= seqFirst ? { seqFirst, seqLast } : undefined;
}

export function gotExpected(fault: { got?: number; expected?: number; kind?: string }): {
  got?: string;
  expected?: string;
} {
  const crc = fault.kind === undefined || fault.kind === 'payload' || fault.kind === 'link';
  const print = (value: number) => (crc ? hex32(value) : String(value));
  return {
    ...(fault.got !== undefined && { got: print(fault.got) }),
    ...(fault.expected !== undefined && { expected: print(fault.expected) }),
  };
}

/** Sorted and merged, without what stands in one of these segments. */
export function lostBut(ranges: readonly LostRange[], readable: readonly SegmentResult[]): LostRange[] {
  return withoutRanges(mergeRanges(ranges), readable.flatMap(presentIn));
}

function mergeRanges(ranges: readonly LostRange[]): LostRange[] {
  const merged: LostRange[] = [];
  for (const range of [...ranges].sort((a, b) => a.seqFirst - b.seqFirst)) {
    const last = merged.at(-1);
    if (last && range.seqFirst <= last.seqLast + 1) last.seqLast = Math.max(last.seqLast, range.seqLast);
    else merged.push({ ...range });
  }
  return merged;
}

/** The seqs that a segment still holds: all from its first to its last, but those in its holes. */
function presentIn({ scan }: SegmentResult): LostRange[] {
  if (scan.seqFirst === undefined) return [];
  const holes = scan.holes.flatMap(({ seqFirst, seqLast }) =>
    seqFirst === undefined || seqLast === undefined ? [] : [{ seqFirst, seqLast }],
  );
  return withoutRanges([{ seqFirst: scan.seqFirst, seqLast: scan.last.seqNext - 1 }], holes);
}

/** `ranges`, which are sorted and apart, less what is in `taken`. In one pass: a damaged log may have many of both. */
function withoutRanges(ranges: readonly LostRange[], taken: readonly LostRange[]): LostRange[] {
  const left: LostRange[] = [];
  const sorted = mergeRanges(taken);
  let at = 0;
  for (const { seqFirst, seqLast } of ranges) {
    let from = seqFirst;
    while ((sorted[at]?.seqLast ?? from) < from) at++;
    for (let next = at; (sorted[next]?.seqFirst ?? Number.POSITIVE_INFINITY) <= seqLast; next++) {
      const hit = sorted[next] as LostRange;
      if (hit.seqFirst > from) left.push({ seqFirst: from, seqLast: hit.seqFirst - 1 });
      from = hit.seqLast + 1;
    }
    if (from <= seqLast) left.push({ seqFirst: from, seqLast });
  }
  return left;
}

import { hex32 } from '../../base/bytes.ts';
import type { LostRange } from '../types.ts';
import type { SegmentResult } from './scan-log.ts';

/** Has a frame ever been written to this segment? A hole that is not mere zeros counts: something is there. */
export function usedFrames(result: SegmentResult): boolean {
  return result.scan.frames > 0 || result.scan.holes.some((hole) => hole.kind !== 'zeros');
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

export function mergeRanges(ranges: readonly LostRange[]): LostRange[] {
  const merged: LostRange[] = [];
  for (const range of [...ranges].sort((a, b) => a.seqFirst - b.seqFirst)) {
    const last = merged.at(-1);
    if (last && range.seqFirst <= last.seqLast + 1) last.seqLast = Math.max(last.seqLast, range.seqLast);
    else merged.push({ ...range });
  }
  return merged;
}

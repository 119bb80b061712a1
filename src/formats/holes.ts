import { count, type FindingList } from './findings.ts';
import type { Intervals } from './intervals.ts';
import { type SeqValue, seqBefore, seqCount, seqNext, shown } from './seq.ts';
import type { SeqRange } from './types.ts';

const rangesMax = 1000;

/** Where in the file a number stands. */
export interface Place {
  seq: SeqValue;
  offset: number;
}

/** One run of numbers. */
export interface Run {
  numbers: Intervals;
  /** Numbers that damaged records claim: there, but not readable. They are reported by themselves. */
  claimed: SeqValue[];
  isFirst: boolean;
}

/** Reports the numbers that a run lacks, in bounded memory: at most 1000 ranges, but all of them counted. */
export class HoleReport {
  readonly #findings: FindingList;
  readonly #startsAtOne: boolean;
  readonly missing: SeqRange[] = [];
  missingCount = 0n;

  constructor(findings: FindingList, startsAtOne: boolean) {
    this.#findings = findings;
    this.#startsAtOne = startsAtOne;
  }

  /** A run that has ended. */
  close(run: Run): void {
    const { first, offsets } = run.numbers;
    if (first !== undefined && first > 1 && this.#startsAtOne) {
      const where = run.isFirst ? 'the file starts' : 'a session of the writer starts';
      this.#hole(run, 1, seqBefore(first), offsets[0] ?? 0, `${where} above 1: what came before is missing`);
    }
    this.between(run, run.numbers.length);
  }

  /** The holes between its first `ranges` ranges. */
  between(run: Run, ranges: number): void {
    for (const { first, last, offset } of run.numbers.gaps(ranges))
      this.#hole(run, first, last, offset, 'numbers are missing');
  }

  #hole(run: Run, first: SeqValue, last: SeqValue, offset: number, why: string): void {
    const claimed = run.claimed.filter((seq) => seq >= first && seq <= last);
    claimed.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
    let from = first;
    for (const seq of claimed) {
      if (seq > from) this.#gap(from, seqBefore(seq), offset, why);
      if (seq >= from) from = seqNext(seq);
    }
    if (from <= last) this.#gap(from, last, offset, why);
  }

  #gap(first: SeqValue, last: SeqValue, offset: number, why: string): void {
    const missing = seqCount(first, last);
    this.missingCount += missing;
    if (this.missing.length < rangesMax) this.missing.push({ seqFirst: String(first), seqLast: String(last) });
    const seqs = { seqFirst: shown(first), seqLast: shown(last) };
    const message = `${why} (${count(missing, 'record')})`;
    this.#findings.add({ code: 'E_GAP', severity: 'corrupt', offset, ...seqs, message });
  }
}

/** A record near the end of a run; `jumps` when it was ahead of a number that was still to come. */
export interface LateRecord extends Place {
  jumps: boolean;
}

/**
 * Where a short run meets the next, records of the next that overtook its first one stand before it, and look like the
 * end of the short run. They are moved over if they are the last before the border, begin with a jump, fill holes of
 * the next run, and less is missing then: order loses nothing. `last` are the last records before the border.
 */
export function mendSeam(before: Intervals, last: readonly LateRecord[], after: Intervals): void {
  const end = after.last ?? 0;
  const belongs = ({ seq }: Place): boolean => !before.has(seq) || after.has(seq) || seq > end;
  const strangers = last.slice(last.findLastIndex(belongs) + 1);
  const moved = strangers.slice(strangers.findIndex(({ jumps }) => jumps));
  if (!moved.some(({ jumps }) => jumps)) return;
  const missing = lacking(before) + lacking(after);
  for (const { seq, offset } of moved) {
    before.remove(seq);
    after.add(seq, offset);
  }
  if (lacking(before) + lacking(after) < missing) return;
  for (const { seq, offset } of moved) {
    after.remove(seq);
    before.add(seq, offset);
  }
}

function lacking(numbers: Intervals): bigint {
  let missing = BigInt(numbers.first ?? 1) - 1n;
  for (const { first, last } of numbers.gaps()) missing += seqCount(first, last);
  return missing;
}

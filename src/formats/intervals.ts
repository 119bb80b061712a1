import { type SeqValue, seqBefore, seqNext } from './seq.ts';

/** A sorted set of numbers as inclusive ranges. A log without holes is one range, however long. */
export class Intervals {
  readonly firsts: SeqValue[] = [];
  readonly lasts: SeqValue[] = [];
  /** Where in the file the record stands that opened the range. */
  readonly offsets: number[] = [];

  get length(): number {
    return this.firsts.length;
  }
  get first(): SeqValue | undefined {
    return this.firsts[0];
  }
  get last(): SeqValue | undefined {
    return this.lasts.at(-1);
  }

  has(seq: SeqValue): boolean {
    const at = this.#rangeAtOrBefore(seq);
    return at >= 0 && (this.lasts[at] as SeqValue) >= seq;
  }

  /** Adds a number that is not in the set. */
  add(seq: SeqValue, offset: number): void {
    const before = this.#rangeAtOrBefore(seq);
    const joinsLeft = before >= 0 && seqNext(this.lasts[before] as SeqValue) === seq;
    const right = this.firsts[before + 1];
    const joinsRight = right !== undefined && seqNext(seq) === right;
    if (joinsLeft && joinsRight) {
      this.lasts[before] = this.lasts[before + 1] as SeqValue;
      this.#splice(before + 1, 1);
    } else if (joinsLeft) {
      this.lasts[before] = seq;
    } else if (joinsRight) {
      this.firsts[before + 1] = seq;
    } else {
      this.firsts.splice(before + 1, 0, seq);
      this.lasts.splice(before + 1, 0, seq);
      this.offsets.splice(before + 1, 0, offset);
    }
  }

  remove(seq: SeqValue): void {
    const at = this.#rangeAtOrBefore(seq);
    const first = this.firsts[at];
    const last = this.lasts[at];
    if (first === undefined || last === undefined || last < seq) return;
    if (first === last) this.#splice(at, 1);
    else if (first === seq) this.firsts[at] = seqNext(seq);
    else {
      this.lasts[at] = seqBefore(seq);
      if (last === seq) return;
      this.firsts.splice(at + 1, 0, seqNext(seq));
      this.lasts.splice(at + 1, 0, last);
      this.offsets.splice(at + 1, 0, this.offsets[at] as number);
    }
  }

  /** The holes between the first `ranges` ranges, in order; `offset` is where the record after the hole stands. */
  *gaps(ranges = this.length): Generator<{ first: SeqValue; last: SeqValue; offset: number }, void, void> {
    for (let at = 1; at < ranges; at++) {
      const first = seqNext(this.lasts[at - 1] as SeqValue);
      yield { first, last: seqBefore(this.firsts[at] as SeqValue), offset: this.offsets[at] as number };
    }
  }

  /** Forgets the holes between the first `ranges` ranges: they become one. */
  merge(ranges: number): void {
    this.lasts[0] = this.lasts[ranges - 1] as SeqValue;
    this.#splice(1, ranges - 1);
  }

  #splice(at: number, count: number): void {
    this.firsts.splice(at, count);
    this.lasts.splice(at, count);
    this.offsets.splice(at, count);
  }

  /** Index of the last range that begins at or before `seq`; -1 when none does. */
  #rangeAtOrBefore(seq: SeqValue): number {
    let low = 0;
    let high = this.firsts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.firsts[middle] as SeqValue) <= seq) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}

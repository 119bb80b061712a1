import { count, type FindingList } from './findings.ts';
import { HoleReport, type LateRecord, mendSeam, type Place, type Run } from './holes.ts';
import { Intervals } from './intervals.ts';
import { RecentRecords } from './recent.ts';
import { type SeqValue, seqBefore, seqCount, seqNext, shown } from './seq.ts';

/**
 * Follows the numbers of a log through its runs. A run is one session of the writer: its numbers begin at 1 and have
 * no hole, though several writers of one session leave them locally out of order. So after sorting within the run, a
 * missing number is a record that is gone; order, restarts and duplicates lose nothing.
 *
 * Where a run ends is not written anywhere. It shows when a number comes again that the run has, in a record that is
 * not the same one: at 1, or at `restartEvidence` such records in a row, another run has begun. The first few records
 * of a new run may precede its 1; they are moved over.
 *
 * Memory is bounded: ranges instead of numbers, the last 65536 records to tell a duplicate, and beyond `intervalsMax`
 * holes the older half is reported and forgotten.
 */
export interface RunOptions {
  /** Whether a run that begins above 1 has lost its beginning. */
  startsAtOne: boolean;
  intervalsMax?: number;
}

const claimedMax = 1000;
const restartEvidence = 16;
const pendingMax = 64;
/** How far a number may lag behind in a sound file; the widest seen in files of four writers is 63. */
const reorderMax = 512;
const reorderMin = 64n;

interface Pending extends Place {
  /** Already counted into the current run: it fitted there. */
  taken: boolean;
}

export class RunTracker {
  readonly #findings: FindingList;
  readonly #options: RunOptions;
  readonly #recent = new RecentRecords();
  readonly #holes: HoleReport;
  #run = new Intervals();
  /** The run before: its holes are reported when the seam between the two is known on both sides. */
  #before: { run: Run; ahead: readonly LateRecord[] } | undefined;
  /** The last records of this run, from one on that jumped over a number. */
  #ahead: LateRecord[] = [];
  #next: SeqValue = 1;
  #runRecords = 0;
  /** Where the numbers of the run before would go on, if it is in fact still being written. */
  #nextOfPrevious: SeqValue | undefined;
  #pending: Pending[] = [];
  /** Numbers that damaged records of this run claim: there, but not readable. */
  #damaged: SeqValue[] = [];
  #limited = false;
  #firstOutOfOrder: { seq: SeqValue; offset: number } | undefined;

  lowest: SeqValue | undefined;
  highest: SeqValue | undefined;
  runs = 0;
  outOfOrder = 0;
  duplicates = 0;
  conflicts = 0;

  constructor(findings: FindingList, options: RunOptions) {
    this.#findings = findings;
    this.#options = options;
    this.#holes = new HoleReport(findings, options.startsAtOne);
  }

  get missing(): HoleReport['missing'] {
    return this.#holes.missing;
  }
  get missingCount(): bigint {
    return this.#holes.missingCount;
  }

  /** One sound record. `mark` is 32 bits of its content. */
  add(seq: SeqValue, mark: number, offset: number, end: number): void {
    if (this.lowest === undefined || seq < this.lowest) this.lowest = seq;
    if (this.highest === undefined || seq > this.highest) this.highest = seq;
    const isUsual = seq === this.#next && this.#pending.length === 0 && this.#ahead.length === 0;
    if (isUsual && this.#run.length > 0) {
      // The usual case: the number after the last.
      this.#run.lasts[this.#run.length - 1] = seq;
      this.#next = seqNext(seq);
      this.#runRecords++;
    } else if (this.#run.has(seq)) {
      if (this.#recent.has(seq, mark)) this.#duplicate(seq, offset, end);
      else this.#conflict(seq, offset);
    } else {
      this.#fresh(seq, offset);
    }
    this.#recent.put(seq, mark);
  }

  /** A record that is there and cannot be used. Its number, where one can be read, is a claim. */
  damaged(seq: SeqValue | undefined): void {
    if (seq !== undefined && this.#damaged.length < claimedMax) this.#damaged.push(seq);
  }

  finish(): void {
    const trailing = this.#trailingConflicts();
    // Conflicts that nothing of the old run follows are the beginning of a new one, cut off by the end of the file.
    if (trailing > 0) this.#startRun(this.#pending.splice(-trailing));
    this.#settlePending();
    this.#endRun();
    this.#reportBefore();
    if (this.#firstOutOfOrder !== undefined) {
      const { seq, offset } = this.#firstOutOfOrder;
      const message = `${count(this.outOfOrder, 'record')} out of order, this is the first; none is missing for it`;
      this.#findings.add({ code: 'E_LOG_ORDER', severity: 'note', offset, seqFirst: shown(seq), message });
    }
    if (this.#limited) {
      const message = 'too many holes at once: what fills one late counts as a duplicate, and its hole stays reported';
      this.#findings.add({ code: 'E_LOG_LIMIT', severity: 'note', message });
    }
  }

  #fresh(seq: SeqValue, offset: number): void {
    const last = this.#run.last;
    if (last === undefined) {
      this.runs++;
      this.#insert(seq, offset);
    } else if (seq === 1 && this.#runRecords > reorderMax) {
      // The 1 of a run that lost its own beginning would not come this late.
      this.#startRun([{ seq, offset, taken: false }]);
    } else if (this.#continuesConflicts(seq)) {
      this.#await({ seq, offset, taken: false });
      this.#restartOnEvidence();
    } else if (seq === this.#nextOfPrevious && seqCount(this.#next, seq) > reorderMin) {
      // Two sessions write the same file at once: this one goes on where the run before was.
      this.#nextOfPrevious = seqNext(seq);
      this.#late(seq, offset);
    } else {
      if (seq < last) this.#late(seq, offset);
      this.#insert(seq, offset);
      if (this.#pending.length > 0) this.#await({ seq, offset, taken: true });
    }
  }

  /**
   * Whether a number that is new to the run rather goes on with the conflicts seen last. One alone does not outweigh
   * the run's own next number.
   */
  #continuesConflicts(seq: SeqValue): boolean {
    const tail = this.#pending.at(-1);
    if (tail === undefined || tail.taken || seqNext(tail.seq) !== seq) return false;
    return seq !== this.#next || this.#trailingConflicts() > 1;
  }

  #insert(seq: SeqValue, offset: number): void {
    this.#follow(seq, offset);
    this.#run.add(seq, offset);
    this.#next = seqNext(this.#run.last ?? seq);
    this.#runRecords++;
    const max = this.#options.intervalsMax ?? 16_384;
    if (this.#run.length <= max) return;
    const half = Math.floor(max / 2) + 1;
    this.#holes.between(this.#asRun(), half);
    this.#run.merge(half);
    this.#limited = true;
  }

  #follow(seq: SeqValue, offset: number): void {
    const jumps = this.#run.length > 0 && seq > this.#next;
    if (this.#ahead.length === pendingMax) this.#ahead.shift();
    if (jumps || this.#ahead.length > 0) this.#ahead.push({ seq, offset, jumps });
  }

  #late(seq: SeqValue, offset: number): void {
    this.outOfOrder++;
    this.#firstOutOfOrder ??= { seq, offset };
  }

  #duplicate(seq: SeqValue, offset: number, end: number): void {
    this.duplicates++;
    const before = this.#findings.last('E_LOG_DUPLICATE');
    if (before?.seqLast === shown(seqBefore(seq))) {
      before.seqLast = shown(seq);
      before.end = end;
      return;
    }
    const message = 'the same record stands in the file twice';
    const seqs = { seqFirst: shown(seq), seqLast: shown(seq) };
    this.#findings.add({ code: 'E_LOG_DUPLICATE', severity: 'note', offset, end, ...seqs, message });
  }

  /** A number the run has already, in another record. */
  #conflict(seq: SeqValue, offset: number): void {
    this.#await({ seq, offset, taken: false });
    if (seq === 1) {
      // What of the last few could be a record of the new run that overtook its 1.
      const early = this.#pending.filter((each) => each.seq <= pendingMax * 2);
      this.#pending = this.#pending.filter((each) => each.seq > pendingMax * 2);
      for (const each of early) if (each.taken) this.#run.remove(each.seq);
      this.#startRun(early);
    } else {
      this.#restartOnEvidence();
    }
  }

  #restartOnEvidence(): void {
    const trailing = this.#trailingConflicts();
    if (trailing >= restartEvidence) this.#startRun(this.#pending.splice(-trailing));
  }

  #await(pending: Pending): void {
    this.#pending.push(pending);
    if (this.#pending.length > pendingMax) this.#settle(this.#pending.shift());
    while (this.#pending[0]?.taken === true) this.#pending.shift();
  }

  #trailingConflicts(): number {
    let conflicts = 0;
    while (this.#pending.at(-1 - conflicts)?.taken === false) conflicts++;
    return conflicts;
  }

  #settlePending(): void {
    for (const each of this.#pending) this.#settle(each);
    this.#pending = [];
  }

  #settle(pending: Pending | undefined): void {
    if (pending === undefined || pending.taken) return;
    this.conflicts++;
    const message = 'another record has this number already';
    const { seq, offset } = pending;
    this.#findings.add({
      code: 'E_LOG_CONFLICT',
      severity: 'note',
      offset,
      seqFirst: shown(seq),
      seqLast: shown(seq),
      message,
    });
  }

  #startRun(records: readonly Pending[]): void {
    this.#settlePending();
    this.#endRun();
    this.#nextOfPrevious = this.#next;
    this.#run = new Intervals();
    this.#damaged = [];
    this.#ahead = [];
    this.#runRecords = 0;
    this.runs++;
    const first = records[0];
    if (first !== undefined) {
      const message = 'the numbers start again: another session of the writer begins here';
      this.#findings.add({
        code: 'E_LOG_RESTART',
        severity: 'note',
        offset: first.offset,
        seqFirst: shown(first.seq),
        message,
      });
    }
    for (const { seq, offset } of records) {
      if (this.#run.has(seq)) continue;
      const last = this.#run.last;
      if (last !== undefined && seq < last) this.#late(seq, offset);
      this.#insert(seq, offset);
    }
  }

  #asRun(): Run {
    return { numbers: this.#run, claimed: this.#damaged, isFirst: this.runs <= 1 };
  }

  #endRun(): void {
    if (this.#before !== undefined) mendSeam(this.#before.run.numbers, this.#before.ahead, this.#run);
    this.#reportBefore();
    this.#before = { run: this.#asRun(), ahead: this.#ahead };
  }

  #reportBefore(): void {
    if (this.#before !== undefined) this.#holes.close(this.#before.run);
    this.#before = undefined;
  }
}

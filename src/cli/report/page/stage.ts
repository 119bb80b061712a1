import { firstAbove, type Model, rising } from './model.ts';
import { type Counts, Player } from './player.ts';

/** What the parts of the page share: the moment that is shown, and the job that is open. */
export class Stage {
  readonly model: Model;
  readonly player: Player;
  /** The job whose life is shown; -1 for none. */
  job = -1;
  /** Seqs and times of the events where they never fall. */
  readonly seqs: Float64Array;
  readonly times: Float64Array;
  readonly #onMove: (() => void)[] = [];
  readonly #onJob: ((byHand: boolean) => void)[] = [];

  constructor(model: Model) {
    this.model = model;
    this.player = new Player(model);
    this.seqs = rising(model.rows.seq);
    this.times = rising(model.rows.atMs);
  }

  /** Is there any time to tell? Not before the first event, nor in a log of a system that kept none. */
  get isTimed(): boolean {
    return (this.times.at(-1) ?? 0) > 0;
  }

  get position(): number {
    return this.player.position;
  }

  get last(): number {
    return this.model.rows.length;
  }

  /** The event that has just happened; -1 before the first. */
  get row(): number {
    return this.position - 1;
  }

  get counts(): Counts | undefined {
    return this.player.counts();
  }

  /** Seq of the moment: 0, or that of the snapshot the log stands on, before the first event. */
  get seq(): number {
    if (this.row >= 0) return this.model.rows.seq[this.row] ?? 0;
    return this.model.facts.base?.seq ?? Math.max(0, (this.model.rows.seq[0] ?? 1) - 1);
  }

  moveTo(position: number): void {
    const before = this.position;
    this.player.moveTo(position);
    if (this.position !== before) for (const act of this.#onMove) act();
  }

  /** To the last event that is not after this seq. */
  moveToSeq(seq: number): void {
    this.moveTo(firstAbove(this.seqs, seq));
  }

  open(job: number, byHand = true): void {
    this.job = job;
    for (const act of this.#onJob) act(byHand);
  }

  onMove(act: () => void): void {
    this.#onMove.push(act);
  }

  onJob(act: (byHand: boolean) => void): void {
    this.#onJob.push(act);
  }

  /** `ENQUEUE`, or `TYPE_99`. */
  typeName(row: number): string {
    return this.model.facts.typeNames[String(this.model.rows.type[row] ?? 0)] ?? '?';
  }

  jobId(job: number): string {
    return this.model.facts.ids[job] ?? '';
  }

  text(number: number | undefined): string {
    return this.model.facts.texts[number ?? 0] ?? '';
  }

  /** Rows of a job, in order. */
  rowsOf(job: number): Int32Array {
    const { jobStart, rowsByJob } = this.model;
    return rowsByJob.subarray(jobStart[job] ?? 0, jobStart[job + 1] ?? 0);
  }
}

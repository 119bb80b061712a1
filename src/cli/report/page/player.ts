import { type Model, type StateName, states } from './model.ts';

export type Counts = Readonly<Record<StateName, number>>;

/**
 * The jobs after the first so many events. A step forward or back costs what one event costs, so that a slider may be
 * dragged through all of them.
 */
export class Player {
  /** How many events have happened. */
  position = 0;
  readonly state: Uint8Array;
  readonly attempt: Int32Array;
  /** The last event of each job so far; -1 before its first. */
  readonly lastRow: Int32Array;
  readonly #model: Model;
  /** What each event, and each patch, took the place of. */
  readonly #rowBefore: { state: Uint8Array; attempt: Int32Array; row: Int32Array };
  readonly #patchBefore: { state: Uint8Array; attempt: Int32Array };
  #patch = 0;

  constructor(model: Model) {
    this.#model = model;
    const { rows, patches, jobs } = model;
    this.state = new Uint8Array(jobs.length);
    this.attempt = new Int32Array(jobs.length);
    this.lastRow = new Int32Array(jobs.length).fill(-1);
    this.#rowBefore = {
      state: new Uint8Array(rows.length),
      attempt: new Int32Array(rows.length),
      row: new Int32Array(rows.length),
    };
    this.#patchBefore = { state: new Uint8Array(patches.length), attempt: new Int32Array(patches.length) };
    this.#patchUpTo(0);
    this.moveTo(rows.length);
  }

  moveTo(position: number): void {
    const target = Math.max(0, Math.min(this.#model.rows.length, Math.round(position)));
    while (this.position < target) this.#forward();
    while (this.position > target) this.#back();
  }

  /** Jobs by state; undefined where they are not known. */
  counts(): Counts | undefined {
    const { facts, rows } = this.#model;
    const { position } = this;
    if (position === 0) return facts.base;
    if (rows.known[position - 1] !== 1) return undefined;
    const counts = states.map((state) => [state, rows[state][position - 1] ?? 0]);
    return Object.fromEntries(counts) as Counts;
  }

  #forward(): void {
    const { rows } = this.#model;
    const row = this.position;
    const job = rows.job[row] ?? -1;
    if (job >= 0) {
      const before = this.#rowBefore;
      before.state[row] = this.state[job] ?? 0;
      before.attempt[row] = this.attempt[job] ?? 0;
      before.row[row] = this.lastRow[job] ?? -1;
      this.state[job] = rows.state[row] ?? 0;
      const attempt = rows.attempt[row] ?? -1;
      if (attempt >= 0) this.attempt[job] = attempt;
      this.lastRow[job] = row;
    }
    this.position++;
    this.#patchUpTo(this.position);
  }

  #back(): void {
    const { rows, patches } = this.#model;
    while (this.#patch > 0 && (patches.position[this.#patch - 1] ?? 0) >= this.position) {
      this.#patch--;
      const job = patches.job[this.#patch] ?? -1;
      this.state[job] = this.#patchBefore.state[this.#patch] ?? 0;
      this.attempt[job] = this.#patchBefore.attempt[this.#patch] ?? 0;
    }
    this.position--;
    const row = this.position;
    const job = rows.job[row] ?? -1;
    if (job < 0) return;
    this.state[job] = this.#rowBefore.state[row] ?? 0;
    this.attempt[job] = this.#rowBefore.attempt[row] ?? 0;
    this.lastRow[job] = this.#rowBefore.row[row] ?? -1;
  }

  #patchUpTo(position: number): void {
    const { patches } = this.#model;
    for (; this.#patch < patches.length && (patches.position[this.#patch] ?? 0) <= position; this.#patch++) {
      const job = patches.job[this.#patch] ?? -1;
      this.#patchBefore.state[this.#patch] = this.state[job] ?? 0;
      this.#patchBefore.attempt[this.#patch] = this.attempt[job] ?? 0;
      this.state[job] = patches.state[this.#patch] ?? 0;
      this.attempt[job] = patches.attempt[this.#patch] ?? 0;
    }
  }
}

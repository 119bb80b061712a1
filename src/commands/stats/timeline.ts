/** What happened in one stretch of time. */
export interface Stretch {
  atMs: number;
  enqueued: number;
  completed: number;
  dead: number;
}

const second = 1000;
const widths = [1, 10, 60, 600, 3600, 6 * 3600, 24 * 3600, 7 * 24 * 3600, 30 * 24 * 3600, 365 * 24 * 3600];
/** More than this are of no use on a screen; then each becomes longer. */
const stretchesMax = 120;

/** Counts over time, in stretches as short as the whole span allows. */
export class Timeline {
  #width = 0;
  #stretches = new Map<number, Stretch>();

  get widthMs(): number {
    return (widths[this.#width] ?? 1) * second;
  }

  add(atMs: number, what: 'enqueued' | 'completed' | 'dead'): void {
    this.#at(atMs)[what]++;
    while (this.#stretches.size > stretchesMax && this.#width < widths.length - 1) this.#widen();
  }

  /** From the first to the last, those in which nothing happened too; of more than `stretchesMax` the last ones. */
  stretches(): Stretch[] {
    const starts = [...this.#stretches.keys()];
    if (starts.length === 0) return [];
    const last = starts.reduce((a, b) => Math.max(a, b));
    const first = Math.max(
      starts.reduce((a, b) => Math.min(a, b)),
      last - stretchesMax + 1,
    );
    return Array.from({ length: last - first + 1 }, (_, index) => {
      const number = first + index;
      return this.#stretches.get(number) ?? { atMs: number * this.widthMs, enqueued: 0, completed: 0, dead: 0 };
    });
  }

  #at(atMs: number): Stretch {
    const number = Math.floor(atMs / this.widthMs);
    let stretch = this.#stretches.get(number);
    if (stretch === undefined) {
      stretch = { atMs: number * this.widthMs, enqueued: 0, completed: 0, dead: 0 };
      this.#stretches.set(number, stretch);
    }
    return stretch;
  }

  #widen(): void {
    const before = [...this.#stretches.values()];
    this.#width++;
    this.#stretches = new Map();
    for (const { atMs, enqueued, completed, dead } of before) {
      const stretch = this.#at(atMs);
      stretch.enqueued += enqueued;
      stretch.completed += completed;
      stretch.dead += dead;
    }
  }
}

import type { Stage } from './stage.ts';

export type Across = 'seq' | 'time';

/** Where a seq, or a time, lies on a chart. */
export class Scale {
  readonly first: number;
  readonly span: number;
  readonly left: number;
  readonly width: number;

  constructor(stage: Stage, across: Across, left: number, width: number) {
    const { seqs, times } = stage;
    const column = across === 'seq' ? seqs : times;
    // Before the first event there is a moment too.
    this.first = across === 'seq' ? (column[0] ?? 1) - 1 : (column[0] ?? 0);
    this.span = Math.max(1, (column[column.length - 1] ?? 1) - this.first);
    this.left = left;
    this.width = Math.max(1, width);
  }

  x(value: number): number {
    return this.left + ((value - this.first) / this.span) * this.width;
  }

  value(x: number): number {
    return this.first + ((x - this.left) / this.width) * this.span;
  }
}

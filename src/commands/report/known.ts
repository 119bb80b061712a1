import type { Diagnosis } from '../doctor/diagnose.ts';

/** Rows of any kind that stand at a place of the log. */
interface Placed {
  of: Readonly<Record<'seq' | 'segment' | 'offset' | 'afterHole' | 'known', number[]>>;
}

/** A fault of the log: what follows it is no continuation of what stands before. */
interface Break {
  segment: number;
  offset: number;
  /** One past the last byte concerned. */
  end: number;
  /** It lies between this segment and the one before, or is the segment as a whole. */
  atStart: boolean;
}

const headerBytes = 96;

/**
 * A fault need not cost a seq, so that it cannot be seen while the events go by: events behind one look as if they went
 * on. They do not: `wal replay` goes from the newest snapshot before a point up to it, and no further than the first
 * fault on that way. What it would refuse is not known here either.
 */
export class Knowledge {
  readonly #breaks: Break[];
  /** Newest first: where the way to a later point begins. */
  readonly #starts: { seq: number; segment: number; offset: number }[];

  constructor({ findings, log, snapshots }: Diagnosis) {
    const place = new Map(log.segments.map(({ file }, index) => [file, index]));
    const faults = findings.filter(({ severity, code }) => severity !== 'note' && code !== 'E_HEAD_MISMATCH');
    this.#breaks = faults.flatMap(({ file, offset = 0, end = offset }): Break[] => {
      const segment = place.get(file);
      return segment === undefined ? [] : [{ segment, offset, end, atStart: offset < headerBytes }];
    });
    const misfits = new Set(faults.map(({ file }) => file));
    const good = snapshots.flatMap(({ file, summary }) => (summary && !misfits.has(file) ? [summary] : []));
    this.#starts = [
      ...good.map(({ seq, point }) => {
        const segment = log.segments.findIndex(({ ordinal }) => (ordinal ?? 0) >= point.ordinal);
        return { seq, segment, offset: log.segments[segment]?.ordinal === point.ordinal ? point.offset : 0 };
      }),
      { seq: 0, segment: 0, offset: 0 },
    ].sort((a, b) => b.seq - a.seq);
  }

  /** Takes back what only seemed to be known. */
  correct({ of: { seq, segment, offset, afterHole, known } }: Placed): void {
    if (this.#breaks.length === 0) return;
    for (const [index, each] of seq.entries()) {
      if (known[index] === 0 || afterHole[index] === 0) continue;
      if (!this.#reaches(each, segment[index] ?? 0, offset[index] ?? 0)) known[index] = 0;
    }
  }

  #reaches(seq: number, segment: number, offset: number): boolean {
    const start = this.#starts.find((each) => each.seq <= seq);
    if (start === undefined || start.seq === seq) return true;
    return !this.#breaks.some((fault) => {
      const here = fault.segment === start.segment && !fault.atStart;
      const reachesStart = fault.offset >= start.offset || fault.end > start.offset;
      const behindStart = fault.segment > start.segment || (here && reachesStart);
      const before = fault.segment < segment || (fault.segment === segment && fault.offset <= offset);
      return behindStart && before;
    });
  }
}

import { assert } from '../../base/errors.ts';
import type { ColdJob } from './cold-job.ts';
import type { EntrySource } from './entry-source.ts';
import { type EntryParts, FreshEntry, partsOf } from './fresh-entry.ts';
import { FreshJob } from './fresh-job.ts';
import type { JobOptions, PendingJob } from './job.ts';
import { Pieces, type ShelfRef } from './pieces.ts';
import { ShelfLine } from './shelf-line.ts';

const kindsMax = 8192;
/** Some jobs to a piece: a large one is better off as a job. */
const entryMax = 4096;
const seqMax = 2 ** 48 - 1;
/** Those that are left of a piece are moved when they are less than that part of it. */
const sparse = 1 / 4;

/** Jobs that have their options in common: they are run in the order in which they lie here. */
interface Kind {
  readonly no: number;
  readonly options: JobOptions;
  /** Those on the shelf, in the order of their ENQUEUE; some are gone meanwhile. */
  readonly line: ShelfLine;
  gone: number;
  /** The piece to which the next one goes; -1 when there is none. */
  piece: number;
  /** What their entries have in common; made when first wanted. */
  parts: EntryParts | undefined;
  /** The one before all of those, taken off so that somebody sees it; undefined as long as nobody asked for one. */
  front: PendingJob | undefined;
}

/**
 * Jobs that nothing has happened to, as the bytes of their entries in a snapshot: a million of them as objects with
 * texts take twice the memory, and a second of garbage collection. Each kind has pieces of memory of its own: what goes
 * in the order of the line leaves nothing behind, and where others go, the few that are left of a piece are moved.
 */
export class Shelf {
  readonly #pieces = new Pieces();
  readonly #entry = new FreshEntry();
  readonly #onMoved: (id: string, to: ShelfRef) => void;
  readonly #kinds: (Kind | undefined)[] = [];
  readonly #freeKinds: number[] = [];
  readonly #kindsByOptions = new Map<JobOptions, Kind>();
  /** The one asked for last: most jobs are of the kind of the one before. */
  #last: Kind | undefined;
  /** Until so many were refused nobody looks again for kinds that are needed no longer. */
  #refusals = 0;

  /** `onMoved` is told where a job lies now, while it still lies where it was, too. */
  constructor(onMoved: (id: string, to: ShelfRef) => void) {
    this.#onMoved = onMoved;
  }

  /** Behind all others of its kind; undefined where it is none for here. */
  put(options: JobOptions, seq: number, entry: EntrySource): ShelfRef | undefined {
    const kind = this.#kindOf(options) ?? this.#newKind(options);
    if (kind === undefined) return undefined;
    const fits = entry.entryBytesMax <= entryMax && seq <= seqMax;
    const ref = fits ? this.#write(kind, seq, entry) : undefined;
    if (ref === undefined) this.#forgetIdle(kind);
    else kind.line.push(ref);
    return ref;
  }

  /** The same of a fresh job; see `FreshEntry` for what it may be. */
  putJob(job: FreshJob): ShelfRef | undefined {
    const kind = this.#kindOf(job.options) ?? this.#newKind(job.options);
    if (kind === undefined) return undefined;
    kind.parts ??= partsOf(job.options);
    return this.put(job.options, job.seq, this.#entry.of(job, kind.parts));
  }

  #write(kind: Kind, seq: number, entry: EntrySource): ShelfRef | undefined {
    if (kind.piece < 0 || !this.#pieces.hasRoom(kind.piece, entry.entryBytesMax)) {
      const opened = this.#pieces.open(entry.entryBytesMax, kind.piece);
      if (opened < 0) return undefined;
      kind.piece = opened;
    }
    return this.#pieces.write(kind.piece, kind.no, seq, entry);
  }

  /** Is this the job with this id? */
  hasId(ref: ShelfRef, id: string): boolean {
    return this.#pieces.hasId(ref, id);
  }

  /** To look at. */
  jobAt(ref: ShelfRef): ColdJob {
    const kind = this.#kinds[this.#pieces.kindAt(ref)];
    assert(kind !== undefined, 'what lies on the shelf is of a kind, and not gone');
    return this.#pieces.jobAt(ref, kind.options);
  }

  /** It lies here no longer. */
  takeOff(ref: ShelfRef): void {
    const kind = this.#kinds[this.#pieces.kindAt(ref)];
    assert(kind !== undefined, 'what lies on the shelf is of a kind');
    this.#pieces.remove(ref);
    if (2 * ++kind.gone > kind.line.length) this.#closeRanks(kind);
  }

  /** Kinds of which some may lie here. */
  kinds(): JobOptions[] {
    return [...this.#kindsByOptions.keys()];
  }

  /** Whether there is one of this kind that stands for those behind it. */
  hasFront(options: JobOptions): boolean {
    return this.#kindOf(options)?.front !== undefined;
  }

  isFront(job: PendingJob): boolean {
    return this.#kindOf(job.options)?.front === job;
  }

  /**
   * Takes off the first of its kind, which is the front from now on; undefined when there is none any more. `onTaken`
   * is told of it while it still lies here.
   */
  takeFront(options: JobOptions, onTaken: (job: PendingJob) => void): PendingJob | undefined {
    const kind = this.#kindOf(options);
    if (kind === undefined) return undefined;
    kind.front = undefined;
    let ref = kind.line.shift();
    for (; ref !== undefined && this.#pieces.isGone(ref); ref = kind.line.shift()) {
      kind.gone--;
      this.#leaves(kind, ref);
    }
    if (ref === undefined) {
      this.#forgetIdle(kind);
      return undefined;
    }
    // With texts of its own: one job does not keep a piece.
    const { id, seq, payload, createdAt } = this.jobAt(ref);
    const front = new FreshJob(id, seq, kind.options, payload, createdAt);
    kind.front = front;
    onTaken(front);
    this.#pieces.remove(ref);
    this.#leaves(kind, ref);
    if (2 * kind.gone > kind.line.length) this.#closeRanks(kind);
    return front;
  }

  /** The entries as they lie now, whatever is taken off or put here later. */
  now(): (ref: ShelfRef) => Uint8Array {
    return this.#pieces.now();
  }

  /** Those that are left, without places for those that have gone. */
  #closeRanks(kind: Kind): void {
    kind.gone = 0;
    kind.line.rewrite((ref) => {
      if (this.#pieces.isGone(ref)) {
        this.#leaves(kind, ref);
        return undefined;
      }
      if (this.#pieces.fill(ref) >= sparse || kind.piece === this.#pieces.pieceOf(ref)) return ref;
      const moved = this.#write(kind, this.#pieces.seqAt(ref), this.#pieces.entryAt(ref));
      if (moved === undefined) return ref;
      this.#onMoved(this.jobAt(ref).id, moved);
      this.#pieces.remove(ref);
      this.#leaves(kind, ref);
      return moved;
    });
    this.#forgetIdle(kind);
  }

  /** Its line does not have it any more. */
  #leaves(kind: Kind, ref: ShelfRef): void {
    if (this.#pieces.leave(ref) && this.#pieces.pieceOf(ref) === kind.piece) kind.piece = -1;
  }

  #kindOf(options: JobOptions): Kind | undefined {
    if (this.#last?.options === options) return this.#last;
    if (this.#kindsByOptions.size === 0) return undefined;
    const kind = this.#kindsByOptions.get(options);
    if (kind !== undefined) this.#last = kind;
    return kind;
  }

  #newKind(options: JobOptions): Kind | undefined {
    let no = this.#freeKinds.pop() ?? this.#kinds.length;
    if (no === kindsMax) {
      if (this.#refusals++ % kindsMax === 0) this.#forgetEmpty();
      no = this.#freeKinds.pop() ?? kindsMax;
      if (no === kindsMax) return undefined;
    }
    const kind = { no, options, line: new ShelfLine(), gone: 0, piece: -1, parts: undefined, front: undefined };
    this.#kinds[no] = kind;
    this.#kindsByOptions.set(options, kind);
    return kind;
  }

  /** Where there are no others, a front is a job like any other. */
  #forgetEmpty(): void {
    for (const kind of this.#kinds) {
      if (kind === undefined || kind.line.length > 0) continue;
      kind.front = undefined;
      this.#forgetIdle(kind);
    }
  }

  #forgetIdle(kind: Kind): void {
    if (kind.line.length > 0 || kind.front !== undefined) return;
    this.#kinds[kind.no] = undefined;
    this.#last = undefined;
    this.#freeKinds.push(kind.no);
    this.#kindsByOptions.delete(kind.options);
  }
}

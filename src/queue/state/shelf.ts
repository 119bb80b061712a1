import { assert } from '../../base/errors.ts';
import { ColdJob } from './cold-job.ts';
import type { EntrySource } from './entry-source.ts';
import type { JobOptions, PendingJob } from './job.ts';
import { ShelfLine } from './shelf-line.ts';

/** Where a job lies: its piece in the upper 15 bits, its place there in the lower 16. */
export type ShelfRef = number;

const pieceBits = 16;
const pieceBytes = 1 << pieceBits;
const piecesMax = 1 << 15;
const kindsMax = 4096;
/** Before each entry: its kind, and whether it is gone (u16); its length (u16); the seq (u48). All little endian. */
const headBytes = 10;
const goneBit = 0x8000;
const seqMax = 2 ** 48 - 1;
/** Some hundred jobs to a piece: a large one is better off as a job. */
const entryMax = 4096;
const nothing = Buffer.alloc(0);

/** Jobs that have their options in common: they are run in the order in which they lie here. */
interface Kind {
  readonly no: number;
  readonly options: JobOptions;
  /** Those on the shelf, in the order of their ENQUEUE; some are gone meanwhile. */
  readonly line: ShelfLine;
  gone: number;
  /** The one before all of those, taken off so that somebody sees it; undefined as long as nobody asked for one. */
  front: PendingJob | undefined;
}

/**
 * Jobs that nothing has happened to, as the bytes of their entries in a snapshot: a million of them as objects with
 * texts take twice the memory, and a second of garbage collection. Some hundred share a piece of memory, which goes
 * when no line has one of its jobs any more.
 */
export class Shelf {
  readonly #pieces: Buffer[] = [];
  /** For each piece: how many of its entries stand in a line. */
  readonly #standing: number[] = [];
  readonly #freePieces: number[] = [];
  #current = -1;
  #at = pieceBytes;
  readonly #kinds: (Kind | undefined)[] = [];
  readonly #freeKinds: number[] = [];
  readonly #kindsByOptions = new Map<JobOptions, Kind>();
  /** The one asked for last: most jobs are of the kind of the one before. */
  #last: Kind | undefined;

  /** Behind all others of its kind; undefined, and nothing is done, where it is none for here. */
  put(options: JobOptions, seq: number, entry: EntrySource): ShelfRef | undefined {
    const { entryBytesMax } = entry;
    if (entryBytesMax > entryMax || seq > seqMax) return undefined;
    const kind = this.#kindOf(options) ?? this.#newKind(options);
    if (kind === undefined || (this.#at + headBytes + entryBytesMax > pieceBytes && !this.#nextPiece()))
      return undefined;
    const piece = this.#pieces[this.#current] ?? nothing;
    const ref = (this.#current << pieceBits) | this.#at;
    const from = this.#at + headBytes;
    const to = entry.writeEntry(piece, from);
    piece.writeUInt16LE(kind.no, this.#at);
    piece.writeUInt16LE(to - from, this.#at + 2);
    piece.writeUIntLE(seq, this.#at + 4, 6);
    this.#at = to;
    this.#standing[this.#current] = (this.#standing[this.#current] ?? 0) + 1;
    kind.line.push(ref);
    return ref;
  }

  /** Is this the job with this id? */
  hasId(ref: ShelfRef, id: string): boolean {
    const piece = this.#pieces[ref >> pieceBits] ?? nothing;
    const start = (ref & (pieceBytes - 1)) + headBytes + 2;
    if (piece[start - 1] !== id.length) return false;
    for (let at = 0; at < id.length; at++) if (piece[start + at] !== id.charCodeAt(at)) return false;
    return true;
  }

  /** To look at. */
  jobAt(ref: ShelfRef): ColdJob {
    const at = ref & (pieceBytes - 1);
    const piece = this.#pieces[ref >> pieceBits] ?? nothing;
    const kind = this.#kinds[piece.readUInt16LE(at)];
    assert(kind !== undefined, 'what lies on the shelf is of a kind, and not gone');
    const from = at + headBytes;
    return new ColdJob(piece, from, from + piece.readUInt16LE(at + 2), piece.readUIntLE(at + 4, 6), kind.options);
  }

  /** It lies here no longer. */
  takeOff(ref: ShelfRef): void {
    const piece = this.#pieces[ref >> pieceBits] ?? nothing;
    const at = ref & (pieceBytes - 1);
    const kind = this.#kinds[piece.readUInt16LE(at)];
    assert(kind !== undefined, 'what lies on the shelf is of a kind');
    piece.writeUInt16LE(kind.no | goneBit, at);
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

  /** The first of its kind, which is to become the front; undefined when there is none any more, nor a front then. */
  first(options: JobOptions): ShelfRef | undefined {
    const kind = this.#kindOf(options);
    if (kind === undefined) return undefined;
    kind.front = undefined;
    for (let ref = kind.line.peek(); ref !== undefined; ref = kind.line.peek()) {
      if (!this.#isGone(ref)) return ref;
      kind.line.shift();
      kind.gone--;
      this.#leaves(ref);
    }
    this.#forget(kind);
    return undefined;
  }

  /** The `first` lies here no longer: it is this job. */
  setFront(ref: ShelfRef, job: PendingJob): void {
    const kind = this.#kindOf(job.options);
    assert(kind?.line.peek() === ref, 'the first of its kind becomes the front');
    kind.front = job;
    kind.line.shift();
    this.#leaves(ref);
  }

  /** The entries as they lie now, whatever is taken off or put here later. */
  now(): (ref: ShelfRef) => Uint8Array {
    const pieces = [...this.#pieces];
    return (ref) => {
      const piece = pieces[ref >> pieceBits] ?? nothing;
      const from = (ref & (pieceBytes - 1)) + headBytes;
      return piece.subarray(from, from + piece.readUInt16LE(from - headBytes + 2));
    };
  }

  #isGone(ref: ShelfRef): boolean {
    const piece = this.#pieces[ref >> pieceBits] ?? nothing;
    return (piece.readUInt16LE(ref & (pieceBytes - 1)) & goneBit) !== 0;
  }

  #closeRanks(kind: Kind): void {
    kind.line.filter((ref) => {
      if (!this.#isGone(ref)) return true;
      this.#leaves(ref);
      return false;
    });
    kind.gone = 0;
    if (kind.line.length === 0 && kind.front === undefined) this.#forget(kind);
  }

  /** No line has it any more. */
  #leaves(ref: ShelfRef): void {
    const no = ref >> pieceBits;
    const left = (this.#standing[no] ?? 0) - 1;
    this.#standing[no] = left;
    if (left > 0 || no === this.#current) return;
    this.#pieces[no] = nothing;
    this.#freePieces.push(no);
  }

  #nextPiece(): boolean {
    if (this.#current >= 0 && this.#standing[this.#current] === 0) {
      this.#at = 0;
      this.#pieces[this.#current] = Buffer.allocUnsafeSlow(pieceBytes);
      return true;
    }
    const no = this.#freePieces.pop() ?? this.#pieces.length;
    if (no === piecesMax) return false;
    this.#pieces[no] = Buffer.allocUnsafeSlow(pieceBytes);
    this.#standing[no] = 0;
    this.#current = no;
    this.#at = 0;
    return true;
  }

  #kindOf(options: JobOptions): Kind | undefined {
    if (this.#last?.options === options) return this.#last;
    if (this.#kindsByOptions.size === 0) return undefined;
    const kind = this.#kindsByOptions.get(options);
    if (kind !== undefined) this.#last = kind;
    return kind;
  }

  #newKind(options: JobOptions): Kind | undefined {
    const no = this.#freeKinds.pop() ?? this.#kinds.length;
    if (no === kindsMax) return undefined;
    const kind = { no, options, line: new ShelfLine(), gone: 0, front: undefined };
    this.#kinds[no] = kind;
    this.#kindsByOptions.set(options, kind);
    return kind;
  }

  #forget(kind: Kind): void {
    this.#kinds[kind.no] = undefined;
    this.#last = undefined;
    this.#freeKinds.push(kind.no);
    this.#kindsByOptions.delete(kind.options);
  }
}

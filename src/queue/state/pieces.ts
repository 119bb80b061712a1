import { ColdJob } from './cold-job.ts';
import type { EntrySource } from './entry-source.ts';
import type { JobOptions } from './job.ts';

/** Where a job lies: its piece in the upper 15 bits, its place there in the lower 16. */
export type ShelfRef = number;

const pieceBits = 16;
const pieceBytesMin = 1024;
const pieceBytesMax = 1 << pieceBits;
const growth = 4;
const piecesMax = 1 << 15;
/** Before each entry: its kind, and whether it is gone (u16); its length (u16); the seq (u48). All little endian. */
const headBytes = 10;
const goneBit = 0x8000;
const nothing = Buffer.alloc(0);

/** Pieces of memory with entries of jobs, one behind the other. */
export class Pieces {
  readonly #buffers: Buffer[] = [];
  /** For each piece: where the next entry goes; how many were written, are not gone, and stand in a line. */
  readonly #ends: number[] = [];
  readonly #written: number[] = [];
  readonly #present: number[] = [];
  readonly #standing: number[] = [];
  readonly #free: number[] = [];

  pieceOf(ref: ShelfRef): number {
    return ref >> pieceBits;
  }

  /** A new piece for entries like those in `previous` (-1: none), of which there are more than one thought; -1: no more. */
  open(entryBytes: number, previous: number): number {
    const no = this.#free.pop() ?? this.#buffers.length;
    if (no === piecesMax) return -1;
    const before = previous < 0 ? pieceBytesMin / growth : (this.#buffers[previous]?.length ?? 0);
    const bytes = Math.min(pieceBytesMax, Math.max(growth * before, headBytes + entryBytes));
    this.#buffers[no] = Buffer.allocUnsafeSlow(bytes);
    for (const counts of [this.#ends, this.#written, this.#present, this.#standing]) counts[no] = 0;
    return no;
  }

  hasRoom(no: number, entryBytes: number): boolean {
    return (this.#ends[no] ?? 0) + headBytes + entryBytes <= (this.#buffers[no]?.length ?? 0);
  }

  /** Where there is room. */
  write(no: number, kind: number, seq: number, entry: EntrySource): ShelfRef {
    const piece = this.#buffers[no] ?? nothing;
    const at = this.#ends[no] ?? 0;
    const end = entry.writeEntry(piece, at + headBytes);
    piece.writeUInt16LE(kind, at);
    piece.writeUInt16LE(end - at - headBytes, at + 2);
    piece.writeUIntLE(seq, at + 4, 6);
    this.#ends[no] = end;
    add(this.#written, no, 1);
    add(this.#present, no, 1);
    add(this.#standing, no, 1);
    return (no << pieceBits) | at;
  }

  /** Of an entry that is not gone. */
  kindAt(ref: ShelfRef): number {
    return this.#piece(ref).readUInt16LE(placeOf(ref));
  }

  seqAt(ref: ShelfRef): number {
    return this.#piece(ref).readUIntLE(placeOf(ref) + 4, 6);
  }

  hasId(ref: ShelfRef, id: string): boolean {
    const piece = this.#piece(ref);
    const start = placeOf(ref) + headBytes + 2;
    if (piece[start - 1] !== id.length) return false;
    for (let at = 0; at < id.length; at++) if (piece[start + at] !== id.charCodeAt(at)) return false;
    return true;
  }

  jobAt(ref: ShelfRef, options: JobOptions): ColdJob {
    const piece = this.#piece(ref);
    const from = placeOf(ref) + headBytes;
    return new ColdJob(piece, from, from + lengthAt(piece, from), this.seqAt(ref), options);
  }

  /** To be written elsewhere. */
  entryAt(ref: ShelfRef): EntrySource {
    const piece = this.#piece(ref);
    const from = placeOf(ref) + headBytes;
    const entryBytesMax = lengthAt(piece, from);
    return { entryBytesMax, writeEntry: (target, at) => at + piece.copy(target, at, from, from + entryBytesMax) };
  }

  /** It is gone; its place goes with the piece. */
  remove(ref: ShelfRef): void {
    const at = placeOf(ref);
    const piece = this.#piece(ref);
    piece.writeUInt16LE(piece.readUInt16LE(at) | goneBit, at);
    add(this.#present, this.pieceOf(ref), -1);
  }

  isGone(ref: ShelfRef): boolean {
    return (this.#piece(ref).readUInt16LE(placeOf(ref)) & goneBit) !== 0;
  }

  /** Which part of what was written into its piece is not gone. */
  fill(ref: ShelfRef): number {
    const no = this.pieceOf(ref);
    return (this.#present[no] ?? 0) / (this.#written[no] ?? 1);
  }

  /** No line has it any more; true when the piece has gone with it. */
  leave(ref: ShelfRef): boolean {
    const no = this.pieceOf(ref);
    add(this.#standing, no, -1);
    if ((this.#standing[no] ?? 0) > 0) return false;
    this.#buffers[no] = nothing;
    this.#free.push(no);
    return true;
  }

  /** The entries as they lie now, whatever happens later. */
  now(): (ref: ShelfRef) => Uint8Array {
    const buffers = [...this.#buffers];
    return (ref) => {
      const piece = buffers[this.pieceOf(ref)] ?? nothing;
      const from = placeOf(ref) + headBytes;
      return piece.subarray(from, from + lengthAt(piece, from));
    };
  }

  #piece(ref: ShelfRef): Buffer {
    return this.#buffers[ref >> pieceBits] ?? nothing;
  }
}

function placeOf(ref: ShelfRef): number {
  return ref & (pieceBytesMax - 1);
}

function lengthAt(piece: Buffer, entryFrom: number): number {
  return piece.readUInt16LE(entryFrom - headBytes + 2);
}

function add(counts: number[], no: number, change: number): void {
  counts[no] = (counts[no] ?? 0) + change;
}

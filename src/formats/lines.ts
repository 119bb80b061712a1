import type { ByteSource } from '../base/source.ts';

/** Longest line that is looked at as a whole. What is longer is skipped and reported. */
const lineBytesMax = 16 * 1024 * 1024;
const chunkBytes = 1024 * 1024;
const newline = 0x0a;

/**
 * Cuts a source into lines, in flat memory whatever the file holds. A run of NUL bytes where a line should begin is a
 * piece of its own ('zeros'): it is what a lost write or a preallocated end leaves behind, it may be gigabytes long,
 * and a sound line may follow directly.
 *
 * `while (await reader.fill()) while (reader.next()) look(reader)`: `next` stays in memory, so the inner loop costs
 * no promise a line. A line without its newline comes last, with `terminated` false.
 */
export class LineReader {
  readonly #source: ByteSource;
  readonly #lineMax: number;
  #filled = 0;
  /** Start of what is not handed out yet, in the buffer. */
  #at = 0;
  /** No newline between `#at` and here. */
  #searched = 0;
  #base = 0;
  #ended = false;
  #done = false;
  /** Length so far of a zeros or oversized piece that goes on into the next chunk. */
  #carried = 0;
  #carriedKind: 'zeros' | 'oversized' | undefined;

  /** The bytes of the current piece are `buffer[start, end)`; only for kind 'line'. Valid until the next `fill`. */
  buffer: Buffer;
  start = 0;
  end = 0;
  kind: 'line' | 'zeros' | 'oversized' = 'line';
  /** Position of the current piece in the source, newline not included in `length`. */
  offset = 0;
  length = 0;
  terminated = false;

  constructor(source: ByteSource, lineMax = lineBytesMax) {
    this.#source = source;
    this.#lineMax = lineMax;
    this.buffer = Buffer.allocUnsafe(Math.min(chunkBytes, Math.max(64, lineMax)));
  }

  /** Bytes read so far. */
  get bytes(): number {
    return this.#base + this.#filled;
  }

  /** Reads more. False when all has been handed out. */
  async fill(): Promise<boolean> {
    if (this.#ended) return !this.#done;
    this.#makeRoom();
    const read = await this.#source.read(this.buffer.subarray(this.#filled), this.#base + this.#filled);
    this.#filled += read;
    if (read === 0) this.#ended = true;
    return true;
  }

  /** The next piece that is complete in memory. False: call `fill`. */
  next(): boolean {
    if (this.#done) return false;
    if (this.#carriedKind === 'oversized') return this.#skipOversized();
    if (this.#carriedKind === 'zeros' || this.buffer[this.#at] === 0) {
      if (this.#at < this.#filled || this.#carriedKind === 'zeros') return this.#skipZeros();
    }
    const found = this.#findNewline(this.#searched);
    if (found >= 0) {
      this.#hand('line', this.#at, found, true);
      this.#at = this.#searched = found + 1;
      return true;
    }
    this.#searched = this.#filled;
    if (this.#filled - this.#at > this.#lineMax) {
      this.#carriedKind = 'oversized';
      return this.#skipOversized();
    }
    if (!this.#ended) return false;
    this.#done = true;
    if (this.#at === this.#filled) return false;
    this.#hand('line', this.#at, this.#filled, false);
    return true;
  }

  #findNewline(from: number): number {
    const found = this.buffer.indexOf(newline, from);
    return found >= 0 && found < this.#filled ? found : -1;
  }

  #hand(kind: 'line' | 'zeros' | 'oversized', start: number, end: number, terminated: boolean): void {
    this.kind = kind;
    this.start = start;
    this.end = end;
    this.length = this.#carried + end - start;
    this.offset = this.#base + start - this.#carried;
    this.terminated = terminated;
    this.#carried = 0;
    this.#carriedKind = undefined;
  }

  /** Zeros end at the first other byte; that one begins a line. */
  #skipZeros(): boolean {
    let at = this.#at;
    while (at < this.#filled && this.buffer[at] === 0) at++;
    if (at === this.#filled && !this.#ended) return this.#carry('zeros', at);
    this.#hand('zeros', this.#at, at, false);
    this.#at = this.#searched = at;
    if (this.#ended && at === this.#filled) this.#done = true;
    return true;
  }

  #skipOversized(): boolean {
    const found = this.#findNewline(this.#at);
    if (found < 0 && !this.#ended) return this.#carry('oversized', this.#filled);
    const end = found < 0 ? this.#filled : found;
    this.#hand('oversized', this.#at, end, found >= 0);
    this.#at = this.#searched = found < 0 ? end : found + 1;
    if (found < 0) this.#done = true;
    return true;
  }

  #carry(kind: 'zeros' | 'oversized', to: number): boolean {
    this.#carried += to - this.#at;
    this.#carriedKind = kind;
    this.#at = this.#searched = to;
    return false;
  }

  /**
   * Moves what is left to the front. Doubles the buffer only when it is full of one line, up to the longest line
   * allowed.
   */
  #makeRoom(): void {
    if (this.#at > 0) {
      this.buffer.copyWithin(0, this.#at, this.#filled);
      this.#base += this.#at;
      this.#filled -= this.#at;
      this.#searched -= this.#at;
      this.#at = 0;
    }
    if (this.#filled < this.buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.min(this.buffer.length * 2, this.#lineMax + chunkBytes));
    larger.set(this.buffer);
    this.buffer = larger;
  }
}

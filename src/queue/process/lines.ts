const newline = 0x0a;
const bufferBytesIdle = 64 * 1024;

/**
 * Cuts a byte stream into lines in bounded memory: it never keeps more than `lineBytesMax` bytes of one unfinished
 * line. Bytes go in with `push`, lines come out with `next`, so a reader that is busy can leave finished lines
 * inside.
 */
export class LineReader {
  readonly #lineBytesMax: number;
  #buffer = Buffer.alloc(0);
  #start = 0;
  #end = 0;
  /** Everything before this position was already looked at: no byte is searched twice. */
  #searched = 0;
  #skipping = false;

  constructor(lineBytesMax: number) {
    this.#lineBytesMax = lineBytesMax;
  }

  /** Bytes held, of finished and unfinished lines. */
  get held(): number {
    return this.#end - this.#start;
  }

  /** True in the middle of a line, also of one that is being dropped. */
  get inLine(): boolean {
    return this.held > 0 || this.#skipping;
  }

  push(chunk: Uint8Array): void {
    if (this.#end + chunk.length > this.#buffer.length) this.#makeRoom(chunk.length);
    this.#buffer.set(chunk, this.#end);
    this.#end += chunk.length;
  }

  /**
   * The next whole line without its newline, valid until the next `push`; 'too-long' once for each line over the
   * limit (the rest of it is dropped as it arrives); undefined when the line is not finished yet.
   */
  next(): Uint8Array | 'too-long' | undefined {
    for (;;) {
      const found = this.#buffer.subarray(this.#searched, this.#end).indexOf(newline);
      if (found === -1) return this.#unfinished();
      const line = this.#buffer.subarray(this.#start, this.#searched + found);
      this.#start = this.#searched + found + 1;
      this.#searched = this.#start;
      if (this.#skipping) {
        this.#skipping = false;
        continue;
      }
      return line.length > this.#lineBytesMax ? 'too-long' : line;
    }
  }

  /** What stands after the last newline, once: the end of a stream may lack one. Undefined when there is nothing. */
  rest(): Uint8Array | undefined {
    if (this.held === 0 || this.#skipping) return undefined;
    const line = this.#buffer.subarray(this.#start, this.#end);
    this.#start = this.#end;
    this.#searched = this.#end;
    return line;
  }

  #unfinished(): 'too-long' | undefined {
    this.#searched = this.#end;
    const over = this.held > this.#lineBytesMax;
    if (!over && !this.#skipping) return undefined;
    const first = !this.#skipping;
    this.#skipping = true;
    this.#start = this.#end;
    return first ? 'too-long' : undefined;
  }

  #makeRoom(bytes: number): void {
    const held = this.held;
    const needed = held + bytes;
    const fits = needed <= this.#buffer.length && this.#buffer.length <= Math.max(bufferBytesIdle, needed * 4);
    const target = fits ? this.#buffer : Buffer.allocUnsafeSlow(Math.max(1024, needed * 2));
    this.#buffer.copy(target, 0, this.#start, this.#end);
    this.#buffer = target;
    this.#searched -= this.#start;
    this.#start = 0;
    this.#end = held;
  }
}

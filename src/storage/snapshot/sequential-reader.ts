import type { ByteSource } from '../../base/source.ts';

const chunkBytes = 256 * 1024;

/**
 * Takes runs of bytes from a source, one after another. Its memory follows what was really read, never what a length
 * field claims.
 */
export class SequentialReader {
  readonly #source: ByteSource;
  #buffer: Buffer = Buffer.allocUnsafe(chunkBytes);
  #start = 0;
  #end = 0;
  #readBytes = 0;

  constructor(source: ByteSource) {
    this.#source = source;
  }

  /** Position of the next byte to take. */
  get position(): number {
    return this.#readBytes - (this.#end - this.#start);
  }

  /** The next `length` bytes, valid until the next call; fewer only if the source ends before. */
  async take(length: number): Promise<Buffer> {
    const bytes = await this.#peek(length);
    this.#start += bytes.length;
    return bytes;
  }

  /** Reads to the end and says how many bytes were left. */
  async drain(): Promise<number> {
    if (this.#source.size !== undefined) return Math.max(0, this.#source.size - this.position);
    let bytes = 0;
    for (;;) {
      const part = await this.take(chunkBytes);
      if (part.length === 0) return bytes;
      bytes += part.length;
    }
  }

  async #peek(length: number): Promise<Buffer> {
    while (this.#end - this.#start < length) {
      this.#makeRoom(length);
      const bytes = await this.#source.read(this.#buffer.subarray(this.#end), this.#readBytes);
      if (bytes === 0) break;
      this.#end += bytes;
      this.#readBytes += bytes;
    }
    return this.#buffer.subarray(this.#start, Math.min(this.#end, this.#start + length));
  }

  /** Moves what is left to the front; doubles the buffer only when it is full of bytes that were really there. */
  #makeRoom(length: number): void {
    if (this.#start + length <= this.#buffer.length) return;
    const filled = this.#end - this.#start;
    if (filled === this.#buffer.length) {
      const larger = Buffer.allocUnsafe(this.#buffer.length * 2);
      larger.set(this.#buffer.subarray(this.#start, this.#end));
      this.#buffer = larger;
    } else if (this.#start > 0) {
      this.#buffer.copyWithin(0, this.#start, this.#end);
    }
    this.#start = 0;
    this.#end = filled;
  }
}

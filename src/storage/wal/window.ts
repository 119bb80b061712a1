import type { ByteSource } from '../../base/source.ts';

const chunkBytes = 1024 * 1024;
/** Room before each chunk for what is left of the one before: all but very large frames fit, and are moved once. */
const headroomBytes = 64 * 1024;
/** A file that grows while it is read goes on in steps of this. */
const leastBytes = 4096;

const fullBytes = headroomBytes + chunkBytes;

/** Full-size buffers of windows that are done: a log of many segments would otherwise leave megabytes for each to the collector. */
const pool: Uint8Array[] = [];
const poolMax = 3;

function newBuffer(bytes: number): Uint8Array {
  return (bytes === fullBytes ? pool.pop() : undefined) ?? new Uint8Array(bytes);
}

interface Chunk {
  buffer: Uint8Array;
  /** Bytes read behind the headroom; never rejects: the error waits until the bytes are needed. */
  read: Promise<{ got: number } | { error: unknown }>;
}

/**
 * A forward-moving view of a byte source. `bytes` holds the source from offset `base` on; nothing before the last
 * `need` is kept. The next chunk is read while this one is worked on. Memory grows with what was really read, never
 * with a length somebody asked for.
 */
export class Window {
  readonly #source: ByteSource;
  /** No more than the file may leave. */
  readonly #headroom: number;
  #buffer: Uint8Array = new Uint8Array(0);
  #start = 0;
  #length = 0;
  #ahead: Chunk | undefined;
  #spare: Uint8Array | undefined;
  base = 0;
  ended = false;

  constructor(source: ByteSource) {
    this.#source = source;
    this.#headroom = Math.min(headroomBytes, (source.size ?? headroomBytes) + leastBytes);
  }

  get bytes(): Uint8Array {
    return this.#buffer.subarray(this.#start, this.#start + this.#length);
  }
  /** Offset after the last byte held. */
  get end(): number {
    return this.base + this.#length;
  }
  /** True when [from, from + count) is held already: the fast path, without a promise. */
  holds(from: number, count: number): boolean {
    return from >= this.base && from + count <= this.end;
  }

  /**
   * Makes [from, from + count) available as far as the source has it; drops what lies before `from`. Returns the
   * bytes held after `from`.
   */
  async need(from: number, count: number): Promise<number> {
    while (!this.holds(from, count) && !this.ended) {
      const chunk = this.#ahead ?? this.#readAhead();
      this.#ahead = undefined;
      const result = await chunk.read;
      if ('error' in result) throw result.error;
      if (result.got === 0) {
        this.ended = true;
        this.#spare ??= chunk.buffer;
      } else this.#take(chunk.buffer, result.got, Math.max(0, Math.min(this.#length, from - this.base)), count);
    }
    return Math.max(0, this.end - from);
  }

  /** To be called before the source is closed: no read is under way any more. Nothing held may be used afterwards. */
  async settle(): Promise<void> {
    await this.#ahead?.read;
    for (const buffer of [this.#ahead?.buffer, this.#spare, this.#buffer]) {
      if (buffer?.length === fullBytes && pool.length < poolMax) pool.push(buffer);
    }
    this.#ahead = undefined;
    this.#spare = undefined;
    this.#buffer = new Uint8Array(0);
    this.#length = 0;
  }

  #readAhead(): Chunk {
    const known = this.#source.size;
    const wanted = known === undefined ? chunkBytes : Math.max(leastBytes, Math.min(chunkBytes, known - this.end + 1));
    const spare = this.#spare;
    this.#spare = undefined;
    const fits = spare !== undefined && spare.length >= this.#headroom + wanted;
    const buffer = fits ? spare : newBuffer(this.#headroom + wanted);
    const read = this.#source.read(buffer.subarray(this.#headroom, this.#headroom + wanted), this.end).then(
      (got) => ({ got }),
      (error: unknown) => ({ error }),
    );
    return { buffer, read };
  }

  /** Joins what is left of the held bytes after `drop` with a chunk just read. */
  #take(chunk: Uint8Array, got: number, drop: number, count: number): void {
    const rest = this.#buffer.subarray(this.#start + drop, this.#start + this.#length);
    const before = this.#buffer;
    if (rest.length <= this.#headroom) {
      chunk.set(rest, this.#headroom - rest.length);
      this.#buffer = chunk;
      this.#start = this.#headroom - rest.length;
      this.#spare = before.length > 2 * chunkBytes ? undefined : before;
    } else {
      // One frame larger than a chunk: gather it, doubling, so that a forged length costs no more than the file has.
      const room = rest.length + got;
      const grow = this.#start + drop + room > before.length;
      const target = grow ? new Uint8Array(Math.max(room, Math.min(count, 2 * room))) : before;
      target.set(rest, 0);
      target.set(chunk.subarray(this.#headroom, this.#headroom + got), rest.length);
      this.#buffer = target;
      this.#start = 0;
      this.#spare = chunk;
    }
    this.base += drop;
    this.#length = rest.length + got;
    const known = this.#source.size;
    if (known === undefined || this.end < known) this.#ahead = this.#readAhead();
  }
}

import { packBlock, unpackChecked } from './block.ts';
import type { BlockHeader, BlockThread, BlockWork, Fault, PackedBlock, SnapshotCodec } from './block-types.ts';

/** Raw bytes that are done before a thread is worth its start, and stored ones that say so at once. */
const rawBytesMin = 8 * 1024 * 1024;
const storedBytesMin = 2 * 1024 * 1024;

const here: BlockWork = { pack: packBlock, unpack: unpackChecked };

/**
 * The blocks of one snapshot: packed and read back here, and, once there are many, in a thread of their own, which
 * takes half of the work from the one that everybody else waits for. To be closed.
 */
export class Blocks implements BlockWork {
  readonly #start: (() => Promise<BlockThread>) | undefined;
  #rawBytesLeft = rawBytesMin;
  #asked = false;
  #closed = false;
  #work: BlockWork = here;
  #thread: BlockThread | undefined;

  /** `start`: resolves when the thread is ready for work. Without one all is done here. */
  constructor(start: (() => Promise<BlockThread>) | undefined) {
    this.#start = start;
  }

  pack(raw: Buffer, codec: SnapshotCodec): Promise<PackedBlock> {
    this.#count(raw.length);
    return this.#work.pack(raw, codec);
  }

  unpack(stored: Buffer, block: BlockHeader): Promise<Buffer | Fault> {
    this.#count(block.rawLength);
    return this.#work.unpack(stored, block);
  }

  /** A file of so many bytes is going to be read. */
  expect(storedBytes: number): void {
    if (storedBytes >= storedBytesMin) this.#ask();
  }

  close(): void {
    this.#closed = true;
    this.#work = here;
    this.#thread?.close();
  }

  #count(rawBytes: number): void {
    this.#rawBytesLeft -= rawBytes;
    if (this.#rawBytesLeft <= 0) this.#ask();
  }

  #ask(): void {
    if (this.#asked || this.#start === undefined) return;
    this.#asked = true;
    // Where none can be started it is done here: that is slower, and nothing else.
    this.#start().then(
      (thread) => {
        this.#thread = thread;
        if (this.#closed) thread.close();
        else this.#work = thread;
      },
      () => undefined,
    );
  }
}

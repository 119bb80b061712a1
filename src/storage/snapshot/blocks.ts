import type { StorageEnv } from '../types.ts';
import { packBlock, unpackChecked } from './block.ts';
import type { BlockHeader, BlockWork, Fault, PackedBlock, SnapshotCodec } from './block-types.ts';

/** Raw bytes that are done before a thread is asked for, and stored ones that say so at once. */
const rawBytesMin = 8 * 1024 * 1024;
const storedBytesMin = 2 * 1024 * 1024;

const here: BlockWork = { pack: packBlock, unpack: unpackChecked };

/**
 * The blocks of one snapshot: packed and read back here, and, once there are many, in a thread of their own, which
 * takes half of the work from the one that everybody else waits for.
 */
export class Blocks implements BlockWork {
  readonly #thread: StorageEnv['blockThread'];
  #rawBytesLeft = rawBytesMin;
  #asked = false;
  #work: BlockWork = here;

  constructor(thread: StorageEnv['blockThread']) {
    this.#thread = thread;
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

  #count(rawBytes: number): void {
    this.#rawBytesLeft -= rawBytes;
    if (this.#rawBytesLeft <= 0) this.#ask();
  }

  #ask(): void {
    if (this.#asked) return;
    this.#asked = true;
    // Where none can be started it is done here: that is in the way of others, and nothing else.
    this.#thread?.().then(
      (thread) => {
        this.#work = thread;
      },
      () => undefined,
    );
  }
}

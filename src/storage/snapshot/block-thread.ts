import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { asBuffer } from '../../base/bytes.ts';
import { packBlock, unpackChecked } from './block.ts';
import type { BlockHeader, BlockWork, Fault, PackedBlock, SnapshotCodec } from './block-types.ts';

export type ToBlockThread = { number: number } & (
  | { kind: 'pack'; raw: Uint8Array; codec: SnapshotCodec }
  | { kind: 'unpack'; stored: Uint8Array; block: BlockHeader }
);

export type FromBlockThread = { number: number } & (
  | { kind: 'ready' }
  | { kind: 'packed'; codec: SnapshotCodec; stored: Uint8Array }
  | { kind: 'unpacked'; raw: Uint8Array }
  | { kind: 'fault'; fault: Fault }
  | { kind: 'failed' }
);

/** A question that the thread has not answered. */
interface Asked {
  answer(said: FromBlockThread): void;
  /** Answers it in this thread. */
  here(): void;
}

/**
 * Starts a thread for the blocks of a snapshot; `entry`: the file that runs there, of the same build. Rejects when it
 * ends before it is ready. What it cannot do, and what it has not done when it ends, is done here.
 */
export function startBlockThread(entry = ownEntry()): Promise<BlockThread> {
  return new Promise((resolve, reject) => {
    // Nothing of what the program, or its user, loads into this thread is wanted there.
    const worker = new Worker(entry, { env: {}, execArgv: [] });
    const thread = new BlockThread(worker);
    worker.once('message', () => resolve(thread));
    worker.once('exit', (code) => reject(new Error(`the thread ended (exit ${code}) before it was ready`)));
    worker.on('error', () => undefined);
    // A program that has nothing else to do ends.
    worker.unref();
  });
}

/** The same file, as source or as built. */
function ownEntry(): URL {
  return new URL(`./block-thread-entry${extname(import.meta.url)}`, import.meta.url);
}

export class BlockThread implements BlockWork {
  readonly #worker: Worker;
  readonly #asked = new Map<number, Asked>();
  #numberLast = 0;
  #over = false;

  constructor(worker: Worker) {
    this.#worker = worker;
    worker.on('message', (said: FromBlockThread) => this.#settle(said));
    worker.once('exit', () => this.#end());
    // An answer that cannot be read, for want of memory: which one, nobody knows.
    worker.once('messageerror', () => this.close());
  }

  pack(raw: Buffer, codec: SnapshotCodec): Promise<PackedBlock> {
    const here = () => packBlock(raw, codec);
    return this.#ask({ kind: 'pack', raw, codec }, here, (said) =>
      said.kind === 'packed' ? { codec: said.codec, stored: asBuffer(said.stored) } : undefined,
    );
  }

  unpack(stored: Buffer, block: BlockHeader): Promise<Buffer | Fault> {
    const here = () => unpackChecked(stored, block);
    return this.#ask<Buffer | Fault>({ kind: 'unpack', stored, block }, here, (said) => {
      if (said.kind === 'unpacked') return asBuffer(said.raw);
      return said.kind === 'fault' ? said.fault : undefined;
    });
  }

  close(): void {
    this.#end();
    void this.#worker.terminate();
  }

  /** `take` makes an answer of what the thread said, or undefined where that is none. */
  #ask<T>(
    what: DistributiveOmit<ToBlockThread, 'number'>,
    here: () => Promise<T>,
    take: (said: FromBlockThread) => T | undefined,
  ): Promise<T> {
    if (this.#over) return here();
    return new Promise((resolve) => {
      const answer = (said: FromBlockThread) => resolve(take(said) ?? here());
      const number = ++this.#numberLast;
      try {
        this.#worker.postMessage({ number, ...what });
      } catch {
        // No memory for a copy.
        resolve(here());
        return;
      }
      this.#asked.set(number, { answer, here: () => resolve(here()) });
      // Somebody waits for it: the program may not end meanwhile.
      this.#worker.ref();
    });
  }

  #settle(said: FromBlockThread): void {
    const asked = this.#asked.get(said.number);
    this.#asked.delete(said.number);
    if (this.#asked.size === 0) this.#worker.unref();
    asked?.answer(said);
  }

  #end(): void {
    this.#over = true;
    const left = [...this.#asked.values()];
    this.#asked.clear();
    for (const asked of left) asked.here();
  }
}

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

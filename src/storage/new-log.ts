import { assert } from '../base/errors.ts';
import { join } from '../base/path.ts';
import { readSmall } from '../fs/read.ts';
import { type CreateOptions, createStore } from './create.ts';
import { headFileName, walFolder } from './folder.ts';
import { openSegment } from './lock.ts';
import { LogWriter } from './log-writer.ts';
import type { ChainPoint, StorageEnv } from './types.ts';
import { type FrameDraft, varintPayload } from './wal/encode-frames.ts';
import { decodeSegmentHeader, FrameType, segmentHeaderBytes } from './wal/format.ts';
import { segmentFileName } from './wal/names.ts';

const batchBytes = 1024 * 1024;

/**
 * The log of a store that is being made: frames as they were elsewhere, many of them in one sync, in segments that end
 * where they would have. No state machine looks at them, and nobody is told of any before the whole store is complete.
 */
export class NewLog {
  readonly #env: StorageEnv;
  readonly #writer: LogWriter;
  readonly #segmentBytes: number;
  #drafts: FrameDraft[] = [];
  #bytes = 0;

  private constructor(env: StorageEnv, writer: LogWriter, segmentBytes: number) {
    this.#env = env;
    this.#writer = writer;
    this.#segmentBytes = segmentBytes;
  }

  /** Makes a store in a folder whose lock is held, and opens its log. To be released. */
  static async create(
    env: StorageEnv,
    dir: string,
    options: CreateOptions & { segmentBytes: number },
  ): Promise<{ storeId: string; log: NewLog }> {
    const { id } = await createStore(env, dir, options);
    const seqFirst = options.seqFirst ?? (options.base?.seq ?? 0) + 1;
    return { storeId: id, log: new NewLog(env, await newWriter(env, dir, id, seqFirst), options.segmentBytes) };
  }

  /** Where the log ends, without what waits for the next sync. */
  get point(): ChainPoint {
    return this.#writer.point;
  }

  /** What it holds must stay as it is until the next flush. */
  add(draft: FrameDraft): void {
    this.#drafts.push(draft);
    this.#bytes += draft.payload.length + 48;
  }

  /** Seqs that nobody can read any more. `payload`: when that was found, as varint ms. */
  addLost(count: number, payload = varintPayload(this.#env.clock.now())): void {
    this.add({ type: FrameType.lost, payload, count });
  }

  async flushIfFull(): Promise<void> {
    const end = this.#writer.segmentBytes + this.#bytes;
    if (this.#bytes >= batchBytes || end >= this.#segmentBytes) await this.flush();
  }

  /** Where the log then ends: a rotation comes before the next frame, not after this one. */
  async flush(): Promise<ChainPoint> {
    if (this.#drafts.length === 0) return this.#writer.point;
    if (this.#writer.segmentBytes >= this.#segmentBytes) await this.#writer.rotate();
    await this.#writer.commit(this.#drafts);
    this.#writer.writeHead();
    this.#drafts = [];
    this.#bytes = 0;
    return this.#writer.point;
  }

  /** All of it on disk, and CLOSE behind it. */
  async close(): Promise<void> {
    await this.flush();
    await this.#writer.commit([{ type: FrameType.close, payload: varintPayload(this.#env.clock.now()) }]);
    await this.#writer.syncHead(true);
  }

  async release(): Promise<void> {
    await this.#writer.close();
  }
}

async function newWriter(env: StorageEnv, dir: string, id: string, seqFirst: number): Promise<LogWriter> {
  const name = segmentFileName(1, seqFirst);
  const result = decodeSegmentHeader(
    (await readSmall(env.fs, join(dir, walFolder, name), segmentHeaderBytes)) ?? new Uint8Array(),
  );
  const file = await openSegment(env, dir, join(walFolder, name));
  assert(result.ok && file !== undefined, 'the segment was made just now');
  const { header, link } = result;
  const head = await env.fs.open(join(dir, headFileName), 'r+', { nofollow: true });
  const segment = { name, ordinal: 1, salt: header.salt };
  const at = { segment, end: segmentHeaderBytes, link, seqNext: seqFirst };
  return new LogWriter(env, dir, { storeId: id, file, head, headCounter: 0, at, aheadBytes: 0, segmentBytes: 0 });
}

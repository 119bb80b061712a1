import { createHash } from 'node:crypto';
import { crcOf } from '../../base/bytes.ts';
import { errnoNext, errnoText } from '../../base/errno.ts';
import { assert, ioError, isError, refusedError } from '../../base/errors.ts';
import { findingError } from '../../base/finding.ts';
import { removeIfThere } from '../../fs/gone.ts';
import type { File } from '../../fs/types.ts';
import { writeFully } from '../../fs/write.ts';
import type { ChainPoint, SnapshotSummary, StorageEnv } from '../types.ts';
import { BlockBuilder } from './block.ts';
import type { BlockWork, SnapshotCodec } from './block-types.ts';
import { Blocks } from './blocks.ts';
import type { SnapshotKind } from './codec.ts';
import { encodeBlockHeader, encodeFooter, encodeHeader, entryBytesMax, footerBytes, headerSeed } from './codec.ts';
import { shownSnapshotName, snapshotFileName } from './name.ts';
import { Pauses } from './pauses.ts';
import { checkSnapshot } from './read.ts';
import type { ScanOptions } from './scan.ts';

/** Measured (FORMAT.md): larger blocks compress no better, smaller ones pay more calls. */
const defaultBlockBytes = 512 * 1024;
/** A long write is synced in steps, or the last sync would stall the log's own syncs for its whole length. */
const syncEveryBytes = 8 * 1024 * 1024;

export interface WriteSnapshotOptions {
  /** File name; by default the store's form of `point.seq`. */
  name?: string;
  /** 32 hex digits. */
  storeId: string;
  kind: SnapshotKind;
  point: ChainPoint;
  /** Each 1 byte to 32 MiB; read before the next one is asked for. */
  entries: Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
  /** The most that blocks are made smaller. Default 'hex'. */
  codec?: SnapshotCodec;
  /** Raw bytes of a block of several entries, at most 1 MiB. Default 512 KiB. */
  blockBytes?: number;
}

/**
 * Writes a snapshot into `folder`, which exists: NAME.tmp, sync, read back and verify all of it, rename to NAME, sync
 * of the folder. Memory is bounded by a few blocks. A file of that name is replaced only by one that was verified.
 *
 * Rejects with E_SNAPSHOT_WRITE (exit 74, with `cause`) when the disk refuses or the read-back finds a fault, with
 * E_SNAPSHOT_ENTRY when an entry is over the limit, and with whatever walking `entries` throws, unchanged. The temp
 * file is then removed, as far as the disk lets us. Only a resolved promise says the snapshot is durable: when the
 * folder's sync fails the file may be there, and nothing must rely on it.
 */
export async function writeSnapshot(
  env: StorageEnv,
  folder: string,
  options: WriteSnapshotOptions,
): Promise<SnapshotSummary> {
  const name = options.name ?? snapshotFileName(options.point.seq);
  const path = `${folder}/${name}`;
  const tmpPath = `${path}.tmp`;
  const shownName = shownSnapshotName(path);
  const createdMs = Math.max(0, Math.trunc(env.clock.now()));

  const file = await step(`${tmpPath} cannot be created`, async () => {
    await removeIfThere(env.fs, tmpPath);
    return await env.fs.open(tmpPath, 'wx');
  });
  const blocks = new Blocks(env.blockThread);
  const writer = new SnapshotWriter(env, file, tmpPath, { ...options, createdMs, blocks });
  try {
    try {
      await writer.writeAll();
    } catch (error) {
      await file.close().catch(() => {});
      throw error;
    }
    await step(`${tmpPath} cannot be closed`, () => file.close());
    const summary = await verified(env, tmpPath, { file: shownName, blocks }, writer);
    await step(`${tmpPath} cannot be renamed`, () => env.fs.rename(tmpPath, path));
    await step(`${folder} cannot be synced`, () => env.fs.syncDir(folder));
    return summary;
  } catch (error) {
    await env.fs.unlink(tmpPath).catch(() => {});
    throw error;
  }
}

interface WriterOptions extends WriteSnapshotOptions {
  createdMs: number;
  blocks: BlockWork;
}

class SnapshotWriter {
  readonly #file: File;
  readonly #path: string;
  readonly #options: WriterOptions;
  readonly #codec: SnapshotCodec;
  readonly #block: BlockBuilder;
  readonly #pauses: Pauses;
  readonly #fileHash = createHash('sha256');
  readonly #stateHash = createHash('sha256');
  #seed = 0;
  #position = 0;
  #synced = 0;
  #blocks = 0;
  #entries = 0;
  #rawBytes = 0;
  #writing: Promise<void> = Promise.resolve();
  stateHash = '';
  sha256 = '';

  constructor(env: StorageEnv, file: File, path: string, options: WriterOptions) {
    this.#file = file;
    this.#path = path;
    this.#options = options;
    this.#codec = options.codec ?? 'hex';
    this.#block = new BlockBuilder(options.blockBytes ?? defaultBlockBytes);
    this.#pauses = new Pauses(env.clock);
  }

  async writeAll(): Promise<void> {
    const { storeId, kind, point, createdMs, entries } = this.#options;
    const header = encodeHeader({ storeId, kind, point, createdMs, codec: this.#codec });
    this.#seed = headerSeed(header);
    await this.#append(header);
    try {
      await this.#takeAll(entries);
      await this.#writeBlock();
    } finally {
      // Nothing is written any more once this is over.
      await this.#writing.catch(() => {});
    }
    await this.#writing;
    await this.#writeFooter();
    await this.#sync();
  }

  async #takeAll(entries: WriteSnapshotOptions['entries']): Promise<void> {
    // Two loops: `for await` over a plain iterable would pay a turn of the microtask queue per entry.
    if (Symbol.iterator in entries) {
      for (const entry of entries) {
        if (!this.#take(entry)) await this.#makeRoomFor(entry);
        if (this.#pauses.isDue) await this.#pauses.take();
      }
    } else {
      for await (const entry of entries) {
        if (!this.#take(entry)) await this.#makeRoomFor(entry);
        if (this.#pauses.isDue) await this.#pauses.take();
      }
    }
  }

  #take(entry: Uint8Array): boolean {
    assert(entry.length > 0, 'no entry of a state is empty');
    if (entry.length > entryBytesMax) {
      const at = this.#entries + this.#block.entries;
      throw refusedError('E_SNAPSHOT_ENTRY', `entry ${at} of the state is too large for a snapshot`, {
        data: { got: entry.length, expected: entryBytesMax },
      });
    }
    return this.#block.add(entry);
  }

  async #makeRoomFor(entry: Uint8Array): Promise<void> {
    await this.#writeBlock();
    assert(this.#block.add(entry), 'an empty block takes any entry');
  }

  /**
   * Lets go of the block that is full: it is made smaller and written while the next one is filled. One at a time:
   * several would fill the thread pool, and the log's syncs would queue behind them.
   */
  async #writeBlock(): Promise<void> {
    await this.#writing;
    const { raw, entries } = this.#block.take();
    if (entries === 0) return;
    this.#entries += entries;
    this.#writing = this.#appendBlock(raw, entries);
    // Whoever waits for it next is told.
    this.#writing.catch(() => {});
    await this.#pauses.take();
  }

  async #appendBlock(raw: Buffer, entries: number): Promise<void> {
    this.#stateHash.update(raw);
    const { codec, stored } = await step('a block cannot be compressed', () =>
      this.#options.blocks.pack(raw, this.#codec),
    );
    const header = encodeBlockHeader(
      {
        index: this.#blocks,
        codec,
        rawLength: raw.length,
        storedLength: stored.length,
        entries,
        storedCrc: crcOf(stored),
      },
      this.#seed,
    );
    await this.#append(Buffer.concat([header, stored]));
    this.#blocks++;
    this.#rawBytes += raw.length;
    if (this.#position - this.#synced >= syncEveryBytes) await this.#sync();
  }

  async #writeFooter(): Promise<void> {
    this.sha256 = this.#fileHash.digest('hex');
    this.stateHash = this.#stateHash.digest('hex');
    const footer = {
      blocks: this.#blocks,
      entries: this.#entries,
      rawBytes: this.#rawBytes,
      offset: this.#position,
      stateHash: this.stateHash,
      sha256: this.sha256,
    };
    const bytes = encodeFooter(footer, this.#seed);
    assert(bytes.length === footerBytes, 'a footer has one length');
    await this.#write(bytes);
  }

  async #append(bytes: Uint8Array): Promise<void> {
    this.#fileHash.update(bytes);
    await this.#write(bytes);
  }

  async #write(bytes: Uint8Array): Promise<void> {
    await step(`${this.#path} cannot be written`, () => writeFully(this.#file, bytes, this.#position));
    this.#position += bytes.length;
  }

  async #sync(): Promise<void> {
    await step(`${this.#path} cannot be synced`, () => this.#file.datasync());
    this.#synced = this.#position;
  }
}

/** What is on disk must be what was meant: read with the reader that recovery will use. */
async function verified(
  env: StorageEnv,
  tmpPath: string,
  options: ScanOptions,
  written: SnapshotWriter,
): Promise<SnapshotSummary> {
  const check = await step(`${tmpPath} cannot be read back`, () => checkSnapshot(env, tmpPath, options));
  const { summary, findings } = check;
  if (summary === undefined) {
    const cause = findingError(findings);
    throw ioError('E_SNAPSHOT_WRITE', `${tmpPath} reads back damaged`, { cause, data: { finding: findings[0] } });
  }
  if (summary.stateHash !== written.stateHash || summary.sha256 !== written.sha256) {
    throw ioError('E_SNAPSHOT_WRITE', `${tmpPath} reads back as another snapshot`, {
      data: { got: summary.sha256, expected: written.sha256 },
    });
  }
  return summary;
}

/** A refusal of the outside world becomes E_SNAPSHOT_WRITE that says which step failed. */
export async function step<T>(what: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (cause) {
    // Without a code it comes from no disk and no compressor: a bug, to be seen as one.
    if (!(isError(cause) && 'code' in cause)) throw cause;
    throw ioError('E_SNAPSHOT_WRITE', `${what}: ${errnoText(String(cause.code), cause.message)}`, {
      cause,
      ...errnoNext(String(cause.code)),
    });
  }
}

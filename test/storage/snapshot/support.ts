import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { systemRandom } from '../../../src/base/node-clock.ts';
import { nodeFs } from '../../../src/fs/node-fs.ts';
import type { File, FileSystem } from '../../../src/fs/types.ts';
import { type ScanOptions, scanSnapshot } from '../../../src/storage/snapshot/scan.ts';
import type { WriteSnapshotOptions } from '../../../src/storage/snapshot/write.ts';
import { writeSnapshot } from '../../../src/storage/snapshot/write.ts';
import type { ChainPoint, SnapshotCheck, StorageEnv } from '../../../src/storage/types.ts';
import { sourceOf } from '../../support/source.ts';

export const storeId = '00112233445566778899aabbccddeeff';
export const point: ChainPoint = { seq: 1234, ordinal: 3, offset: 65536, link: 0xdeadbeef, salt: 0xfeedface };
export const createdMs = 1_750_000_000_123;

export function envWith(fs: FileSystem): StorageEnv {
  const clock = { now: () => createdMs, monotonic: () => 0, sleep: () => Promise.resolve() };
  return { fs, clock, random: systemRandom };
}

export const env = envWith(nodeFs);

/** A new folder for one test, removed after it. */
export async function withFolder<T>(run: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'walq-snapshot-'));
  try {
    return await run(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** `count` entries of some dozen bytes each. */
export function smallEntries(count: number): Buffer[] {
  return Array.from({ length: count }, (_, at) => Buffer.from(`job_${at} {"state":"pending","n":${at * 7919}}`));
}

/** `count` entries that are mostly hex digits. */
export function ids(count: number): Buffer[] {
  return Array.from({ length: count }, (_, at) => {
    const tail = (at * 2_654_435_761).toString(16).slice(-12).padStart(12, '0');
    return Buffer.from(`01977420-dc18-77da-8849-${tail}`);
  });
}

/** The bytes of a snapshot as the writer makes it. */
export async function snapshotBytes(entries: Uint8Array[], more: Partial<WriteSnapshotOptions> = {}): Promise<Buffer> {
  return withFolder(async (folder) => {
    await writeSnapshot(env, folder, { name: 'x.snap', storeId, kind: 'checkpoint', point, entries, ...more });
    return readFile(join(folder, 'x.snap'));
  });
}

/** Judges bytes in memory. */
export function judge(bytes: Uint8Array, how: Partial<ScanOptions> = {}): Promise<SnapshotCheck> {
  return scanSnapshot(sourceOf(bytes), { file: 'x.snap', ...how });
}

/** The one code that the bytes are refused with. */
export async function codeOf(bytes: Uint8Array): Promise<string> {
  return (await judge(bytes)).findings.map((finding) => finding.code).join(' ');
}

export async function names(folder: string): Promise<string[]> {
  return (await readdir(folder)).sort();
}

/** Sets bytes in a copy, then makes the CRC behind them (at `crcAt`, over `from..crcAt`, from `seed`) true again: a forger's work. */
export function forge(
  bytes: Uint8Array,
  change: (copy: Buffer) => void,
  crc: { from: number; crcAt: number; seed?: number },
): Buffer {
  const copy = Buffer.from(bytes);
  change(copy);
  copy.writeUInt32LE(crc32(copy.subarray(crc.from, crc.crcAt), crc.seed ?? 0), crc.crcAt);
  return copy;
}

export type Call = keyof FileSystem | keyof File;

/** The real disk, but the Nth call of any kind that `counts` accepts fails with `errno`. `calls` logs them all, in order. */
export class FaultyFs {
  readonly calls: string[] = [];
  readonly #failAt: number;
  readonly #errno: string;
  readonly #counts: (call: Call, path: string) => boolean;
  #seen = 0;

  constructor(failAt: number, errno = 'EIO', counts: (call: Call, path: string) => boolean = () => true) {
    this.#failAt = failAt;
    this.#errno = errno;
    this.#counts = counts;
  }

  get failed(): boolean {
    return this.#seen >= this.#failAt;
  }

  #meet(call: Call, path: string): void {
    this.calls.push(`${call} ${path.slice(path.lastIndexOf('/') + 1)}`);
    if (!this.#counts(call, path)) return;
    if (++this.#seen === this.#failAt)
      throw Object.assign(new Error(`${this.#errno}: injected`), { code: this.#errno });
  }

  get fs(): FileSystem {
    return {
      open: async (path, mode, options) => {
        this.#meet('open', path);
        return this.#file(await nodeFs.open(path, mode, options), path);
      },
      mkdir: (path) => this.#run('mkdir', path, () => nodeFs.mkdir(path)),
      readdir: (path) => this.#run('readdir', path, () => nodeFs.readdir(path)),
      lstat: (path) => this.#run('lstat', path, () => nodeFs.lstat(path)),
      stat: (path) => this.#run('stat', path, () => nodeFs.stat(path)),
      rename: (from, to) => this.#run('rename', from, () => nodeFs.rename(from, to)),
      link: (from, to) => this.#run('link', from, () => nodeFs.link(from, to)),
      unlink: (path) => this.#run('unlink', path, () => nodeFs.unlink(path)),
      rmdir: (path) => this.#run('rmdir', path, () => nodeFs.rmdir(path)),
      syncDir: (path) => this.#run('syncDir', path, () => nodeFs.syncDir(path)),
    };
  }

  async #run<T>(call: Call, path: string, run: () => Promise<T>): Promise<T> {
    this.#meet(call, path);
    return run();
  }

  #file(file: File, path: string): File {
    return {
      read: (buffer, position) => this.#run('read', path, () => file.read(buffer, position)),
      write: (buffer, position) => this.#run('write', path, () => file.write(buffer, position)),
      writeSync: (buffer, position) => {
        this.#meet('writeSync', path);
        return file.writeSync(buffer, position);
      },
      datasync: () => this.#run('datasync', path, () => file.datasync()),
      datasyncSync: () => {
        this.#meet('datasync', path);
        file.datasyncSync();
      },
      truncate: (size) => this.#run('truncate', path, () => file.truncate(size)),
      size: () => this.#run('size', path, () => file.size()),
      info: () => this.#run('info', path, () => file.info()),
      tryLock: (offset, length) => this.#run('tryLock', path, () => file.tryLock(offset, length)),
      close: async () => {
        // The descriptor is gone either way, as with the kernel's close.
        await file.close();
        this.#meet('close', path);
      },
    };
  }
}

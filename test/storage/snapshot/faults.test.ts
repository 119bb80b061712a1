import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { nodeFs } from '../../../src/fs/node-fs.ts';
import type { FileSystem } from '../../../src/fs/types.ts';
import { listSnapshots } from '../../../src/storage/snapshot/list.ts';
import { parseSnapshotFileName, snapshotFileName } from '../../../src/storage/snapshot/name.ts';
import { checkSnapshot, peekSnapshot, readSnapshot } from '../../../src/storage/snapshot/read.ts';
import { writeSnapshot } from '../../../src/storage/snapshot/write.ts';
import { tried } from '../../support/tried.ts';
import { env, envWith, FaultyFs, names, point, smallEntries, snapshotBytes, storeId, withFolder } from './support.ts';

const ownName = snapshotFileName(point.seq);
const options = { storeId, kind: 'checkpoint', point, entries: smallEntries(40), blockBytes: 500 } as const;

describe('a write that fails', () => {
  it('at any call leaves no snapshot that is not whole, and every older file as it was', async (context) => {
    const old = await snapshotBytes(smallEntries(2), { point: { ...point, seq: 7 } });
    let failAt = 1;
    for (; ; failAt++) {
      const faulty = new FaultyFs(failAt, failAt % 2 === 0 ? 'ENOSPC' : 'EIO');
      const done = await withFolder(async (folder) => {
        await writeFile(join(folder, snapshotFileName(7)), old);
        await writeFile(join(folder, `${ownName}.tmp`), 'stale');
        const writing = writeSnapshot(envWith(faulty.fs), folder, options);
        const outcome = await writing.then(
          () => 'written',
          (error) => error,
        );
        expect((await readFile(join(folder, snapshotFileName(7)))).equals(old)).toBe(true);
        const lastCall = faulty.calls.at(-1) ?? '';
        if (outcome === 'written') {
          expect(await names(folder)).toEqual([snapshotFileName(7), ownName]);
          return !faulty.failed;
        }
        expect(outcome).toMatchObject({ code: 'E_SNAPSHOT_WRITE', exit: 74 });
        expect(outcome.cause).toBeDefined();
        const failedCall = faulty.calls[failAt - 1] ?? '';
        const left = (await names(folder)).filter((name) => name !== snapshotFileName(7));
        // What the disk did not let us remove, or what was durable but for the folder's sync, is all that may stay.
        if (failedCall.startsWith('syncDir')) expect(left).toEqual([ownName]);
        else if (failAt <= 2) expect(left).toEqual(failAt === 1 ? [`${ownName}.tmp`] : []);
        else expect(left, `${failAt}: ${failedCall}, last ${lastCall}`).toEqual([]);
        return false;
      });
      if (done) break;
    }
    expect(failAt).toBeGreaterThan(15);
    tried(context, 'compact-killed', { 'snapshot fails, nothing deleted': failAt - 1 });
  });

  it('keeps the snapshot of the same name', async () => {
    const old = await snapshotBytes(smallEntries(2));
    for (const call of ['write', 'datasync', 'rename', 'read'] as const) {
      await withFolder(async (folder) => {
        await writeFile(join(folder, ownName), old);
        const faulty = new FaultyFs(1, 'EIO', (each) => each === call);
        await expect(writeSnapshot(envWith(faulty.fs), folder, options)).rejects.toMatchObject({
          code: 'E_SNAPSHOT_WRITE',
        });
        expect(await names(folder)).toEqual([ownName]);
        expect((await readFile(join(folder, ownName))).equals(old)).toBe(true);
      });
    }
  });

  it('because walking the state throws passes that on unchanged, and cleans up', async () => {
    function* entries() {
      yield* smallEntries(20);
      throw new RangeError('a bug in the encoder');
    }
    await withFolder(async (folder) => {
      await expect(writeSnapshot(env, folder, { ...options, entries: entries() })).rejects.toThrow(RangeError);
      await expect(writeSnapshot(env, folder, { ...options, entries: [Buffer.alloc(0)] })).rejects.toThrow(/empty/);
      expect(await names(folder)).toEqual([]);
    });
  });

  it('while a block is on its way waits for that one: nothing is written to a file that is closed', async () => {
    function* entries() {
      yield Buffer.alloc(400_000, 'a block that is full');
      yield Buffer.alloc(400_000, 'begins the next one');
      throw new RangeError('a bug in the encoder');
    }
    await withFolder(async (folder) => {
      const { fs, calls } = new FaultyFs(Number.POSITIVE_INFINITY);
      await expect(writeSnapshot(envWith(fs), folder, { ...options, entries: entries() })).rejects.toThrow(RangeError);
      const all = calls.map((call) => call.split(' ')[0]);
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect(calls.map((call) => call.split(' ')[0])).toEqual(all);
      expect(all.slice(-3)).toEqual(['write', 'close', 'unlink']);
    });
  });

  it('because the folder is missing says so', async () => {
    await withFolder(async (folder) => {
      const writing = writeSnapshot(env, join(folder, 'missing'), options);
      await expect(writing).rejects.toMatchObject({ code: 'E_SNAPSHOT_WRITE', cause: { code: 'ENOENT' } });
    });
  });
});

describe('a disk that lies', () => {
  /** The real disk, but `change` may alter what each write really does. */
  const lying = (change: (bytes: Uint8Array, position: number) => Uint8Array): FileSystem => ({
    ...nodeFs,
    async open(path, mode, more) {
      const file = await nodeFs.open(path, mode, more);
      const write = file.write.bind(file);
      file.write = async (bytes, position) => {
        const written = await write(change(bytes, position), position);
        return Math.min(written, bytes.length);
      };
      return file;
    },
  });

  it('is found out by the read-back: no snapshot appears', async (context) => {
    const rows: ((bytes: Uint8Array, position: number) => Uint8Array)[] = [
      (bytes, position) =>
        position > 300 ? Uint8Array.from(bytes, (byte, at) => (at === 5 ? byte ^ 4 : byte)) : bytes,
      (bytes) => new Uint8Array(bytes.length),
      (bytes) => Buffer.concat([bytes, Buffer.from('!')]),
    ];
    for (const change of rows) {
      await withFolder(async (folder) => {
        const writing = writeSnapshot(envWith(lying(change)), folder, options);
        await expect(writing).rejects.toMatchObject({
          code: 'E_SNAPSHOT_WRITE',
          data: { finding: { severity: 'degraded' } },
        });
        expect(await names(folder)).toEqual([]);
      });
    }
    tried(context, 'compact-killed', { 'bad read-back, no snapshot': rows.length });
  });

  it('is found out when it keeps another, valid snapshot', async () => {
    const other = await snapshotBytes([]);
    await withFolder(async (folder) => {
      const otherPath = join(folder, 'other');
      await writeFile(otherPath, other);
      const fs: FileSystem = { ...nodeFs, open: (path, mode) => nodeFs.open(mode === 'r' ? otherPath : path, mode) };
      await expect(writeSnapshot(envWith(fs), folder, options)).rejects.toThrow(/reads back as another snapshot/);
      expect(await names(folder)).toEqual(['other']);
    });
  });

  it.each([1, 3, 31])('with writes and reads of at most %i bytes still gives the same file', async (atMost) => {
    const short: FileSystem = {
      ...nodeFs,
      async open(path, mode, more) {
        const file = await nodeFs.open(path, mode, more);
        const [read, write] = [file.read.bind(file), file.write.bind(file)];
        file.read = (buffer, position) => read(buffer.subarray(0, atMost), position);
        file.write = (bytes, position) => write(bytes.subarray(0, atMost), position);
        return file;
      },
    };
    const expected = await snapshotBytes(options.entries, { blockBytes: 500 });
    await withFolder(async (folder) => {
      await writeSnapshot(envWith(short), folder, options);
      expect((await readFile(join(folder, ownName))).equals(expected)).toBe(true);
    });
  });

  it('that takes no bytes at all is an error, not a loop', async () => {
    const full: FileSystem = {
      ...nodeFs,
      async open(path, mode, more) {
        const file = await nodeFs.open(path, mode, more);
        file.write = () => Promise.resolve(0);
        return file;
      },
    };
    await withFolder(async (folder) => {
      await expect(writeSnapshot(envWith(full), folder, options)).rejects.toThrow(/tmp cannot be written/);
      expect(await names(folder)).toEqual([]);
    });
  });
});

describe('a read that fails', () => {
  it('at any call rejects with E_READ: never damage, never missing', async () => {
    const bytes = await snapshotBytes(smallEntries(40), { blockBytes: 500 });
    await withFolder(async (folder) => {
      const path = join(folder, 'x.snap');
      await writeFile(path, bytes);
      for (const [call, errno] of [
        ['open', 'EMFILE'],
        ['info', 'EIO'],
        ['read', 'EIO'],
      ] as const) {
        for (const read of [
          (fs: FileSystem) => checkSnapshot(envWith(fs), path, { file: 'x.snap' }),
          (fs: FileSystem) => readSnapshot(envWith(fs), path, () => {}),
          (fs: FileSystem) => peekSnapshot(envWith(fs), path),
        ]) {
          const faulty = new FaultyFs(1, errno, (each) => each === call);
          await expect(read(faulty.fs)).rejects.toMatchObject({
            code: 'E_READ',
            exit: 74,
            data: { errno },
            cause: { code: errno },
          });
          const opened = faulty.calls.filter((each) => each.startsWith('open')).length;
          const closed = faulty.calls.filter((each) => each.startsWith('close')).length;
          expect(closed).toBe(call === 'open' ? 0 : opened);
        }
      }
    });
  });

  it('because it is a folder, or nothing is there, says so', async () => {
    await withFolder(async (folder) => {
      await expect(peekSnapshot(env, folder)).rejects.toThrow(/it is a folder, not a file/);
      await expect(peekSnapshot(env, join(folder, 'none'))).rejects.toMatchObject({
        code: 'E_READ',
        data: { errno: 'ENOENT' },
      });
    });
  });

  it('closes the file when the caller throws, and passes that on unchanged', async () => {
    const bytes = await snapshotBytes(smallEntries(2));
    await withFolder(async (folder) => {
      const path = join(folder, 'x.snap');
      await writeFile(path, bytes);
      const faulty = new FaultyFs(Number.POSITIVE_INFINITY);
      const reading = readSnapshot(envWith(faulty.fs), path, () => {
        throw new RangeError('does not fit');
      });
      await expect(reading).rejects.toThrow(RangeError);
      expect(faulty.calls.at(-1)).toBe('close x.snap');
    });
  });
});

describe('names and listing', () => {
  it('write a seq with 20 digits and read nothing else as one', () => {
    expect(snapshotFileName(1234)).toBe('00000000000000001234.snap');
    for (const seq of [0, 1, 1234, Number.MAX_SAFE_INTEGER])
      expect(parseSnapshotFileName(snapshotFileName(seq))).toBe(seq);
    const foreign = [
      '1234.snap',
      '00000000000000001234.snap.tmp',
      '000000000000000001234.snap',
      '0000000000000000123x.snap',
      '00000000000000001234.SNAP',
      'a00000000000000001234.snap',
      '00009007199254740992.snap',
      '99999999999999999999.snap',
      '00000000000000001234.snap\n',
      '',
    ];
    for (const name of foreign) expect(parseSnapshotFileName(name), name).toBeUndefined();
    for (const seq of [-1, 1.5, 2 ** 53, Number.NaN]) expect(() => snapshotFileName(seq)).toThrow();
  });

  it('list newest first and set aside temp files, foreign names, links and folders', async () => {
    await withFolder(async (store) => {
      const folder = join(store, 'snapshots');
      await mkdir(folder);
      await writeFile(join(folder, snapshotFileName(9)), 'nine');
      await writeFile(join(folder, snapshotFileName(100)), '');
      await writeFile(join(folder, `${snapshotFileName(200)}.tmp`), '');
      await writeFile(join(folder, 'notes.txt'), '');
      await symlink('notes.txt', join(folder, snapshotFileName(300)));
      await mkdir(join(folder, snapshotFileName(400)));
      expect(await listSnapshots(env, store)).toEqual({
        snapshots: [
          { file: `snapshots/${snapshotFileName(100)}`, seq: 100, bytes: 0 },
          { file: `snapshots/${snapshotFileName(9)}`, seq: 9, bytes: 4 },
        ],
        ignored: [`${snapshotFileName(200)}.tmp`, snapshotFileName(300), snapshotFileName(400), 'notes.txt'].map(
          (name) => `snapshots/${name}`,
        ),
      });
    });
  });

  it('list nothing where there is no folder, skip what vanishes, and reject where the disk refuses', async () => {
    await withFolder(async (store) => {
      expect(await listSnapshots(env, store)).toEqual({ snapshots: [], ignored: [] });
      await mkdir(join(store, 'snapshots'));
      await writeFile(join(store, 'snapshots', snapshotFileName(1)), '');
      const vanishing: FileSystem = { ...nodeFs, lstat: () => Promise.resolve(undefined) };
      expect(await listSnapshots(envWith(vanishing), store)).toEqual({ snapshots: [], ignored: [] });
      for (const call of ['readdir', 'lstat']) {
        const faulty = new FaultyFs(1, 'EACCES', (each) => each === call);
        await expect(listSnapshots(envWith(faulty.fs), store)).rejects.toMatchObject({
          code: 'E_READ',
          data: { errno: 'EACCES' },
        });
      }
    });
  });
});

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { entryBytesMax } from '../../../src/storage/snapshot/codec.ts';
import { hashEntries } from '../../../src/storage/snapshot/hash.ts';
import { checkSnapshot, peekSnapshot, readSnapshot } from '../../../src/storage/snapshot/read.ts';
import type { WriteSnapshotOptions } from '../../../src/storage/snapshot/write.ts';
import { writeSnapshot } from '../../../src/storage/snapshot/write.ts';
import { createdMs, env, envWith, FaultyFs, ids, names, point, smallEntries, storeId, withFolder } from './support.ts';

const base: Omit<WriteSnapshotOptions, 'entries'> = { storeId, kind: 'checkpoint', point };
const ownName = '00000000000000001234.snap';

async function roundTrip(entries: Uint8Array[], more: Partial<WriteSnapshotOptions> = {}) {
  return withFolder(async (folder) => {
    const written = await writeSnapshot(env, folder, { ...base, entries, ...more });
    const read: Buffer[] = [];
    const summary = await readSnapshot(env, join(folder, ownName), (entry) => void read.push(Buffer.from(entry)));
    expect(summary).toEqual(written);
    expect(await names(folder)).toEqual([ownName]);
    expect((await readFile(join(folder, ownName))).length).toBe(summary.bytes);
    return { summary, read };
  });
}

describe('a snapshot', () => {
  it.each([0, 1, 2, 1000])('of %i entries gives back each, in order, and says all of its header', async (count) => {
    const entries = smallEntries(count);
    const { summary, read } = await roundTrip(entries);
    expect(read).toEqual(entries);
    expect(summary).toMatchObject({
      file: ownName,
      seq: 1234,
      kind: 'checkpoint',
      entries: count,
      createdMs,
      storeId,
      point,
    });
    expect(summary.rawBytes).toBe(entries.reduce((sum, entry) => sum + 4 + entry.length, 0));
    expect(summary.stateHash).toBe(hashEntries(entries));
  });

  it('of every kind and codec comes back as what it is', async () => {
    for (const kind of ['checkpoint', 'base', 'detached'] as const) {
      for (const codec of ['none', 'brotli', 'hex'] as const) {
        const { summary, read } = await roundTrip(smallEntries(10), { kind, codec });
        expect(summary.kind).toBe(kind);
        expect(read).toEqual(smallEntries(10));
      }
    }
  });

  it('takes entries of any bytes, at any size around the block target', async () => {
    const anEntry = fc.uint8Array({ minLength: 1, maxLength: 300 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(anEntry, { maxLength: 30 }),
        fc.integer({ min: 1, max: 400 }),
        async (entries, blockBytes) => {
          const { read } = await roundTrip(entries, { blockBytes });
          expect(read.map((entry) => entry.toString('hex'))).toEqual(
            entries.map((entry) => Buffer.from(entry).toString('hex')),
          );
        },
      ),
      { numRuns: 40 },
    );
  });

  it('gives an entry larger than the block target a block of its own, up to 32 MiB', async () => {
    const large = Buffer.alloc(entryBytesMax, 'large entry ');
    const entries = [Buffer.from('before'), large, Buffer.from('after')];
    const { summary, read } = await roundTrip(entries);
    expect(read.map((entry) => entry.length)).toEqual([6, entryBytesMax, 5]);
    expect(read[1]?.equals(large)).toBe(true);
    expect(summary.stateHash).toBe(hashEntries(entries));
  });

  it('refuses an entry above 32 MiB before writing a name', async () => {
    await withFolder(async (folder) => {
      const entries = [Buffer.alloc(entryBytesMax + 1)];
      await expect(writeSnapshot(env, folder, { ...base, entries })).rejects.toMatchObject({
        code: 'E_SNAPSHOT_ENTRY',
      });
      expect(await names(folder)).toEqual([]);
    });
  });

  it('stores a block as it is when compression does not help', async () => {
    const random = Buffer.alloc(5000);
    env.random(random);
    const { summary, read } = await roundTrip([random]);
    expect(read[0]?.equals(random)).toBe(true);
    expect(summary.bytes).toBeLessThan(random.length + 300);
  });

  it('reads from asynchronous entries too', async () => {
    async function* slowly() {
      for (const entry of smallEntries(50)) {
        await Promise.resolve();
        yield entry;
      }
    }
    const { summary } = await roundTrip([], { entries: slowly() });
    expect(summary.stateHash).toBe(hashEntries(smallEntries(50)));
  });

  it('may reuse the buffer of an entry as soon as the next one is asked for', async () => {
    function* reusing() {
      const shared = Buffer.alloc(1);
      for (let value = 1; value <= 5; value++) {
        shared[0] = value;
        yield shared;
      }
    }
    const { read } = await roundTrip([], { entries: reusing(), blockBytes: 8 });
    expect(read.map((entry) => entry[0])).toEqual([1, 2, 3, 4, 5]);
  });
});

describe('the state hash', () => {
  it('is the same for every block size and codec, and changes with any entry or border', async () => {
    const entries = [...smallEntries(200), ...ids(200)];
    const hashes = new Set<string>();
    const files = new Set<string>();
    for (const blockBytes of [1, 200, 1000, 1024 * 1024]) {
      for (const codec of ['none', 'brotli', 'hex'] as const) {
        const { summary } = await roundTrip(entries, { blockBytes, codec });
        hashes.add(summary.stateHash);
        files.add(summary.sha256);
      }
    }
    expect([...hashes]).toEqual([hashEntries(entries)]);
    // Of blocks of one entry, what is not packed is stored as without.
    expect(files.size).toBe(12);
    expect(hashEntries([Buffer.from('ab'), Buffer.from('c')])).not.toBe(
      hashEntries([Buffer.from('a'), Buffer.from('bc')]),
    );
    expect(hashEntries(entries.toReversed())).not.toBe(hashEntries(entries));
  });

  it('is SHA-256 over length (u32 LE) and bytes of each entry', () => {
    // printf '\x02\x00\x00\x00ab\x01\x00\x00\x00c' | sha256sum
    expect(hashEntries([Buffer.from('ab'), Buffer.from('c')])).toBe(
      '60014a36d7b05b0730e42a8b96faa1ffb4bd28469aea4000191179f01561ddb7',
    );
    expect(hashEntries([])).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  });

  it('does not depend on how small and large entries alternate', () => {
    const large = Buffer.alloc(70_000, 'x');
    const entries = [
      Buffer.from('a'),
      large,
      Buffer.alloc(65_532, 'y'),
      Buffer.from('b'),
      Buffer.alloc(65_531, 'z'),
      large,
    ];
    // Computed by another implementation (Python's hashlib).
    expect(hashEntries(entries)).toBe('1a0c0c982133e31e0a8922272ba9506f9c999db050a2ea861e590ad7e8dc3f45');
  });
});

describe('writing', () => {
  it('lets the event loop turn while one large block is gathered', async () => {
    let now = 0;
    const ticking = { ...env, clock: { ...env.clock, monotonic: () => now++ } };
    let turns = 0;
    let walking = true;
    const turn = () => {
      turns++;
      if (walking) setImmediate(turn);
    };
    function* entries() {
      yield* smallEntries(1000);
      walking = false;
    }
    await withFolder(async (folder) => {
      setImmediate(turn);
      const options = { ...base, entries: entries(), codec: 'none', blockBytes: 1024 * 1024 } as const;
      await writeSnapshot(ticking, folder, options);
      expect(turns).toBeGreaterThan(100);
    });
  });

  it('syncs every 8 MiB, and after the last byte, before the rename, and the folder after it', async () => {
    const faulty = new FaultyFs(Number.POSITIVE_INFINITY);
    function* entries() {
      for (let at = 0; at < 20; at++) yield Buffer.alloc(1024 * 1024 - 4, at + 1);
    }
    await withFolder(async (folder) => {
      await writeSnapshot(envWith(faulty.fs), folder, {
        ...base,
        entries: entries(),
        codec: 'none',
        blockBytes: 1024 * 1024,
      });
    });
    const tmp = `${ownName}.tmp`;
    const order = faulty.calls.filter((call) => !call.startsWith('write') && !call.startsWith('read'));
    expect(order.map((call) => call.replace(/walq-snapshot-.*/, 'folder'))).toEqual([
      `unlink ${tmp}`,
      `open ${tmp}`,
      `datasync ${tmp}`,
      `datasync ${tmp}`,
      `datasync ${tmp}`,
      `close ${tmp}`,
      `open ${tmp}`,
      `info ${tmp}`,
      `close ${tmp}`,
      `rename ${tmp}`,
      'syncDir folder',
    ]);
    const writes = faulty.calls.filter((call) => call.startsWith('write'));
    expect(faulty.calls.lastIndexOf(`datasync ${tmp}`)).toBeGreaterThan(faulty.calls.lastIndexOf(`write ${tmp}`));
    expect(writes).toHaveLength(22);
  });

  it('names the file inside a store by its path in the store', async () => {
    await withFolder(async (folder) => {
      const snapshots = join(folder, 'snapshots');
      await env.fs.mkdir(snapshots);
      const summary = await writeSnapshot(env, snapshots, { ...base, entries: [] });
      expect(summary.file).toBe(`snapshots/${ownName}`);
    });
  });

  it('removes a stale temp file first and replaces a damaged snapshot of that name', async () => {
    await withFolder(async (folder) => {
      await writeFile(join(folder, `${ownName}.tmp`), 'stale '.repeat(1000));
      await writeFile(join(folder, ownName), 'damaged');
      await writeSnapshot(env, folder, { ...base, entries: smallEntries(3) });
      expect(await names(folder)).toEqual([ownName]);
      const check = await checkSnapshot(env, join(folder, ownName), { file: ownName });
      expect(check.findings).toEqual([]);
    });
  });
});

describe('peekSnapshot', () => {
  it('gives the header alone, whatever the state of the rest', async () => {
    await withFolder(async (folder) => {
      const path = join(folder, ownName);
      await writeSnapshot(env, folder, { ...base, entries: smallEntries(3), kind: 'base' });
      const header = { storeId, kind: 'base', point, createdMs, codec: 'hex' };
      expect(await peekSnapshot(env, path)).toEqual(header);
      await writeFile(path, (await readFile(path)).subarray(0, 76));
      expect(await peekSnapshot(env, path)).toEqual(header);
      await writeFile(path, '');
      expect(await peekSnapshot(env, path)).toMatchObject({ findings: [{ code: 'E_SNAPSHOT_EMPTY' }] });
    });
  });
});

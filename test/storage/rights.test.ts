import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { systemClock, systemRandom } from '../../src/base/node-clock.ts';
import { exitOfCleaning } from '../../src/commands/verdict.ts';
import { nodeFs } from '../../src/fs/node-fs.ts';
import type { FileSystem } from '../../src/fs/types.ts';
import { compactStore } from '../../src/storage/compact.ts';
import { verifyStore } from '../../src/storage/read.ts';
import { openStore, type Store } from '../../src/storage/store.ts';
import type { StorageEnv } from '../../src/storage/types.ts';
import { packed } from '../../src/storage/wal/records.ts';
import { scratch } from '../cli/run-walq.ts';
import { ListMachine } from './crash/list-machine.ts';

/** A process that may do less to the files of a store than it wants: nothing is lost, and what it says is true. */

type Refuses = (call: 'open' | 'unlink', path: string) => string | undefined;

/** The real disk, but for what `refuses` names an errno for. */
function envWith(refuses: Refuses): StorageEnv {
  const ask = (call: 'open' | 'unlink', path: string): void => {
    const code = refuses(call, path);
    if (code !== undefined) throw Object.assign(new Error(`${code}: ${call} ${path}`), { code, path });
  };
  const fs: FileSystem = {
    ...nodeFs,
    async open(path, mode, options) {
      if (mode !== 'r') ask('open', path);
      return await nodeFs.open(path, mode, options);
    },
    async unlink(path) {
      ask('unlink', path);
      await nodeFs.unlink(path);
    },
  };
  return { fs, clock: systemClock, random: systemRandom };
}

const make = (): ListMachine => new ListMachine();

async function append(store: Store<ListMachine>, text: string): Promise<void> {
  await store.append(packed([Buffer.from(text)]));
}

/** Three snapshots, and a segment for each record. */
async function threeSnapshots(env: StorageEnv, dir: string): Promise<Store<ListMachine>> {
  const store = await openStore(env, dir, { machine: make, create: true });
  for (const text of ['one', 'two', 'three']) {
    await append(store, text);
    await store.checkpoint({ clean: false });
    await store.rotate();
  }
  return store;
}

test('what could not be removed is not told as removed, and that it is left is a failure', async () => {
  const dir = `${scratch()}/store`;
  let kept = 'snapshots';
  const env = envWith((call, path) =>
    call === 'unlink' && path.includes(`/${kept}/`) && !path.endsWith('.tmp') ? 'EACCES' : undefined,
  );
  const store = await threeSnapshots(env, dir);
  const pruned = await store.pruneSnapshots(1);
  expect(pruned).toMatchObject({ removeSnapshots: [], removeSegments: [] });
  expect(pruned.findings).toMatchObject([
    { code: 'E_LEFTOVER', message: 'could not be removed: permission denied (EACCES)' },
  ]);
  expect(exitOfCleaning(pruned.findings)).toBe(74);

  kept = 'wal';
  const compacted = await compactStore(env, store, { keep: 1 });
  expect(compacted.removedSnapshots).toHaveLength(2);
  expect(compacted.removedSegments).toEqual([]);
  expect(exitOfCleaning(compacted.findings)).toBe(74);
  expect(readdirSync(`${dir}/snapshots`)).toHaveLength(1);

  kept = 'nothing';
  const again = await compactStore(env, store, { keep: 1 });
  expect(again.removedSegments).toHaveLength(3);
  expect(exitOfCleaning(again.findings)).toBe(0);
  await store.close();
});

test.for(['EACCES', 'EROFS', 'EMFILE'])(
  '%s where the next segment is to be made is no failure of the disk: the last one goes on',
  async (errno) => {
    const dir = `${scratch()}/store`;
    let isRefused = true;
    const env = envWith((call, path) =>
      isRefused && call === 'open' && path.endsWith('0000000002-00000000000000000002.wal.tmp') ? errno : undefined,
    );
    const store = await openStore(env, dir, { machine: make, create: true, segmentBytes: 200 });
    await append(store, 'x'.repeat(200));
    await append(store, 'two');
    expect(readdirSync(`${dir}/wal`)).toHaveLength(1);
    isRefused = false;
    await append(store, 'three');
    expect(readdirSync(`${dir}/wal`)).toHaveLength(2);
    await store.close();
    expect(await verifyStore(env, dir)).toMatchObject({ verdict: 'clean', seqLast: 3 });
  },
);

test('a reader that may open no more files says what to do', async () => {
  const dir = `${scratch()}/store`;
  await (
    await threeSnapshots(
      envWith(() => undefined),
      dir,
    )
  ).close();
  const open: FileSystem['open'] = async (path, mode) => {
    if (path.endsWith('.wal')) throw Object.assign(new Error('EMFILE'), { code: 'EMFILE', path });
    return await nodeFs.open(path, mode);
  };
  const full = { ...envWith(() => undefined), fs: { ...nodeFs, open } };
  await expect(verifyStore(full, dir)).rejects.toMatchObject({
    code: 'E_READ',
    next: expect.stringContaining('ulimit -n'),
  });
});

test('a refusal names the file that was refused, not the store', async () => {
  const dir = `${scratch()}/store`;
  const env = envWith(() => undefined);
  await (await threeSnapshots(env, dir)).close();
  const closed = envWith((call, path) => (call === 'open' && path.endsWith('/HEAD') ? 'EACCES' : undefined));
  await expect(openStore(closed, dir, { machine: make })).rejects.toMatchObject({
    code: 'E_IO',
    message: `cannot write ${dir}/HEAD: permission denied (EACCES)`,
    data: { file: `${dir}/HEAD` },
  });
});

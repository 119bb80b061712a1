import { expect, test } from 'vitest';
import { openStore, type Store } from '../../src/storage/store.ts';
import type { OpenOptions } from '../../src/storage/store-options.ts';
import { simEnv } from '../support/env.ts';
import type { ListMachine } from './crash/list-machine.ts';
import { appendSome, dir, imageOf, make } from './damage/image.ts';

/** Five segments and five snapshots, each of the end of one. */
async function filled(options: Partial<OpenOptions<ListMachine>> = {}) {
  const env = simEnv();
  const store = await openStore(env, dir, { machine: make, create: true, keepSnapshots: 9, ...options });
  for (let number = 1; number <= 5; number++) {
    await appendSome(store, number, number);
    await store.checkpoint();
    await store.rotate();
  }
  const files = (folder: string): string[] => [...imageOf(env.fs).keys()].filter((path) => path.includes(folder));
  return { store, segments: () => files('/wal/'), snapshots: () => files('/snapshots/') };
}

test('pruning snapshots takes nothing of the log, though the one that stays would allow it', async () => {
  const { store, segments, snapshots } = await filled();
  const before = segments();
  expect([before.length, snapshots().length]).toEqual([6, 5]);
  expect(await store.pruneSnapshots(1)).toMatchObject({ removeSegments: [], removeSnapshots: expect.any(Array) });
  expect([segments(), snapshots().length]).toEqual([before, 1]);
  await store.close();
});

test('of two checkpoints at once the second waits, and finds that there is nothing to do', async () => {
  const { store, snapshots } = await filled();
  await appendSome(store, 6, 6);
  const both = await Promise.all([store.checkpoint(), store.checkpoint()]);
  expect(both.map(({ unchanged, snapshot }) => [unchanged, snapshot.seq])).toEqual([
    [false, 6],
    [true, 6],
  ]);
  expect(snapshots()).toHaveLength(6);
  await store.close();
});

test('a store that is closed while a snapshot is written removes nothing any more', async () => {
  const closing: { store?: Store<ListMachine>; done?: Promise<void> | undefined } = {};
  const observer = {
    committed: () => {},
    snapshotWritten: () => {
      closing.done = closing.store?.close();
    },
  };
  const { store, segments, snapshots } = await filled({ observer });
  closing.store = store;
  const before = segments();
  await appendSome(store, 6, 6);
  await expect(store.checkpoint({ keep: 1 })).rejects.toMatchObject({ code: 'E_CLOSED' });
  await closing.done;
  expect([segments(), snapshots().length]).toEqual([before, 6]);
});

import { expect, test } from 'vitest';
import { compactStore } from '../../../src/storage/compact.ts';
import { openStore, type Store } from '../../../src/storage/store.ts';
import { packed } from '../../../src/storage/wal/records.ts';
import { simEnv } from '../../support/env.ts';
import { SimFs } from '../../support/sim-fs.ts';
import { treeOf } from '../../support/sim-image.ts';
import { ListMachine } from './list-machine.ts';

/** A writer whose folder was moved, and another store, or a copy of its own, put in its place. */

type ListStore = Store<ListMachine>;

const open = (fs: SimFs, dir: string): Promise<ListStore> =>
  openStore(simEnv({ fs }), dir, { machine: () => new ListMachine(), create: true, segmentBytes: 300 });

const append = (store: ListStore, text: string): Promise<number> => store.append(packed([Buffer.from(text)]));

async function filled(fs: SimFs, dir: string, texts: readonly string[]): Promise<ListStore> {
  const store = await open(fs, dir);
  for (const text of texts) await append(store, text.padEnd(120, '.'));
  return store;
}

const texts = Array.from({ length: 6 }, (_, n) => `of the other ${n}`);

test.each<[string, (store: ListStore, fs: SimFs) => Promise<unknown>]>([
  ['a snapshot', (store) => store.checkpoint({ clean: false })],
  ['a checkpoint that cleans', (store) => store.checkpoint({ keep: 1 })],
  ['a compaction', (store, fs) => compactStore(simEnv({ fs }), store, { keep: 1 })],
  ['a rotation', (store) => store.rotate()],
  ['pruning', (store) => store.pruneSnapshots(1)],
  ['an append that needs a new segment', (store) => append(store, 'x'.repeat(300))],
])('%s touches nothing of the store that stands there now, and the writer ends', async (_, act) => {
  const fs = new SimFs();
  const other = await filled(fs, '/other', texts);
  for (const text of ['one', 'two']) {
    await append(other, text);
    await other.checkpoint({ clean: false });
  }
  await other.close();
  const store = await filled(fs, '/s', ['own']);
  await store.checkpoint({ clean: false });
  await append(store, 'acknowledged');
  await fs.rename('/s', '/moved');
  await fs.rename('/other', '/s');
  const before = treeOf(fs.root);
  await expect(act(store, fs)).rejects.toMatchObject({ code: 'E_MOVED', exit: 74 });
  expect(treeOf(fs.root)).toEqual(before);
  expect(store.poison?.code).toBe('E_MOVED');
  await expect(append(store, 'more')).rejects.toMatchObject({ code: 'E_MOVED' });
  await store.close();
  expect((await open(fs, '/moved')).machine.items.map((text) => text.replace(/\.+$/, ''))).toEqual([
    'own',
    'acknowledged',
  ]);
  expect((await open(fs, '/s')).machine.items).toHaveLength(texts.length + 2);
});

test('moved away and back it goes on', async () => {
  const fs = new SimFs();
  const store = await open(fs, '/s');
  await append(store, 'own');
  await fs.rename('/s', '/moved');
  expect(await append(store, 'meanwhile')).toBe(2);
  await fs.rename('/moved', '/s');
  expect(await store.rotate()).toBe(true);
  await store.close();
  expect((await open(fs, '/s')).machine.items.at(-1)).toBe('meanwhile');
});

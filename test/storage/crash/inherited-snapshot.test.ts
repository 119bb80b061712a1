import { expect, test } from 'vitest';
import { compactStore } from '../../../src/storage/compact.ts';
import { scanStore } from '../../../src/storage/read.ts';
import { openStore, type Store } from '../../../src/storage/store.ts';
import { packed } from '../../../src/storage/wal/records.ts';
import { simEnv } from '../../support/env.ts';
import { SimFs } from '../../support/sim-fs.ts';
import { imageAfterKill, imageAfterPowerLoss } from '../../support/sim-image.ts';
import { ListMachine } from './list-machine.ts';

/**
 * After a sync that failed the page cache shows a name that the disk never got, and later syncs "succeed". The next
 * opening sees a good snapshot, and must not remove on its word what it covers.
 */

type ListStore = Store<ListMachine>;

function open(fs: SimFs): Promise<ListStore> {
  return openStore(simEnv({ fs }), '/s', { machine: () => new ListMachine(), create: true, segmentBytes: 300 });
}

const append = (store: ListStore, text: string): Promise<number> => store.append(packed([Buffer.from(text)]));

const texts = ['one', 'two', 'three'];

/** A log that begins behind a snapshot, and a later snapshot whose name the disk does not have. The process is gone. */
async function broken(): Promise<SimFs> {
  const fs = new SimFs();
  const store = await open(fs);
  await append(store, 'one');
  await append(store, 'two');
  await compactStore(simEnv({ fs }), store, { keep: 1 });
  await append(store, 'three');
  fs.inject({
    nth: 1,
    errno: 'EIO',
    sync: 'dropped',
    match: (op) => op.kind === 'syncDir' && op.path.endsWith('snapshots'),
  });
  await expect(store.checkpoint()).rejects.toMatchObject({ code: 'E_SNAPSHOT_WRITE' });
  return new SimFs(imageAfterKill(fs.root));
}

const powerLoss = (fs: SimFs): SimFs => new SimFs(imageAfterPowerLoss(fs.root, () => false));

test.each<[string, (store: ListStore, fs: SimFs) => Promise<unknown>]>([
  ['a checkpoint that cleans', (store) => store.checkpoint({ keep: 1 })],
  ['a compaction', (store, fs) => compactStore(simEnv({ fs }), store, { keep: 1 })],
  ['pruning', (store) => store.pruneSnapshots(1)],
])('%s by the next opening loses nothing when the power goes', async (_, clean) => {
  const fs = await broken();
  const store = await open(fs);
  expect(store.machine.items).toEqual(texts);
  await clean(store, fs);
  const after = powerLoss(fs);
  await expect(open(after).then(({ machine }) => machine.items)).resolves.toEqual(texts);
});

test('a snapshot that is there already is on disk once a checkpoint has said so', async () => {
  const fs = await broken();
  const store = await open(fs);
  expect(await store.checkpoint({ clean: false })).toMatchObject({ unchanged: true, snapshot: { seq: 3 } });
  const again = await open(powerLoss(fs));
  expect(again.recovery.snapshot?.seq).toBe(3);
});

test('where it cannot be made sure of nothing is removed, and the store goes on', async () => {
  for (const kind of ['open', 'create', 'write', 'datasync', 'rename', 'syncDir'] as const) {
    const fs = await broken();
    const store = await open(fs);
    const before = (await fs.readdir('/s/wal')).concat(await fs.readdir('/s/snapshots'));
    // The first looks, one at each of two snapshots, say what may go.
    const nth = kind === 'open' ? 3 : 1;
    fs.inject({ nth, errno: 'EIO', sync: 'dropped', match: (op) => op.kind === kind && /snapshots/.test(op.path) });
    await expect(store.pruneSnapshots(1), kind).rejects.toMatchObject({ code: 'E_SNAPSHOT_WRITE', exit: 74 });
    expect((await fs.readdir('/s/wal')).concat(await fs.readdir('/s/snapshots')), kind).toEqual(before);
    expect(await append(store, 'four')).toBe(4);
    await store.pruneSnapshots(1);
    expect((await open(powerLoss(fs))).machine.items, kind).toEqual([...texts, 'four']);
  }
});

test('it is made sure of once, and what this opening wrote is sure', async () => {
  const fs = await broken();
  const store = await open(fs);
  const copies = (): number => fs.log.filter((op) => op.kind === 'create' && op.path.endsWith('.snap.tmp')).length;
  await store.checkpoint({ keep: 1 });
  expect(copies()).toBe(1);
  await store.checkpoint({ keep: 1 });
  await store.pruneSnapshots(1);
  expect(copies()).toBe(1);
  await append(store, 'four');
  await store.checkpoint({ keep: 1 });
  expect(copies()).toBe(2);
});

test('one that the log tells of was synced: it is not written again, and on a full disk the others go', async () => {
  const fs = new SimFs();
  const store = await open(fs);
  for (const text of texts) {
    await append(store, text);
    await store.checkpoint({ clean: false });
  }
  const left = new SimFs(imageAfterKill(fs.root));
  const next = await open(left);
  left.inject({
    nth: 1,
    errno: 'ENOSPC',
    persistent: true,
    match: ({ kind }) => kind === 'create' || kind === 'write',
  });
  expect(await next.checkpoint({ clean: false })).toMatchObject({ unchanged: true, snapshot: { seq: 3 } });
  await next.pruneSnapshots(1);
  expect(await left.readdir('/s/snapshots')).toEqual([expect.stringMatching(/0003\.snap$/)]);
  expect((await open(powerLoss(left))).machine.items).toEqual(texts);
});

test.each<[string, (fs: SimFs, path: string) => Promise<void>]>([
  ['was removed', (fs, path) => fs.unlink(path)],
  [
    'was damaged',
    async (fs, path) => {
      const file = await fs.open(path, 'r+');
      await file.write(Buffer.from('rubbish'), 100);
      await file.close();
    },
  ],
])('a snapshot that %s behind the back of its writer is written again', async (_, harm) => {
  const fs = new SimFs();
  const store = await open(fs);
  await append(store, 'one');
  const { snapshot } = await store.checkpoint();
  await harm(fs, `/s/${snapshot.file}`);
  expect(await store.checkpoint()).toMatchObject({ unchanged: false, snapshot: { seq: snapshot.seq } });
  expect(await store.checkpoint()).toMatchObject({ unchanged: true });
  await store.close();
  expect((await open(fs)).recovery).toMatchObject({ snapshot: { seq: snapshot.seq }, findings: [] });
});

test('a reader that asks for nothing but snapshots hears of each that the log tells of', async () => {
  const fs = new SimFs();
  const store = await open(fs);
  for (const text of texts) {
    await append(store, text);
    await store.checkpoint({ clean: false });
  }
  await store.close();
  const told: Uint8Array[] = [];
  await scanStore(simEnv({ fs }), '/s', { snapshot: (payload) => void told.push(payload) });
  expect(told).toHaveLength(texts.length);
});

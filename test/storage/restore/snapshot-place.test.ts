import { expect, test } from 'vitest';
import { backupStore } from '../../../src/storage/backup.ts';
import { verifyStore } from '../../../src/storage/read.ts';
import { undoRepair } from '../../../src/storage/repair-undo.ts';
import { applyRestore, planRestore } from '../../../src/storage/restore-in-place.ts';
import { openStore, type Store } from '../../../src/storage/store.ts';
import type { ChainPoint, StorageEnv } from '../../../src/storage/types.ts';
import { decodeHeadFile, encodeHeadFile, type HeadSlot } from '../../../src/storage/wal/head.ts';
import { packed } from '../../../src/storage/wal/records.ts';
import { simEnv } from '../../support/env.ts';
import { bytesOf, putFile } from '../../support/sim-edit.ts';
import type { ListMachine } from '../crash/list-machine.ts';
import {
  appendSome,
  bytesAt,
  dir,
  diskOf,
  fileOf,
  type Image,
  imageOf,
  make,
  textOf,
  withFile,
} from '../damage/image.ts';
import { filesOf } from '../repair/support.ts';

/** A snapshot may stand behind frames without events, as a writer leaves them when it closes: they are part of its log. */

const seq = 6;
const texts = (count: number) => Array.from({ length: count }, (_, index) => textOf(index + 1));

/**
 * A log of 4..6, and of 7 if asked, whose only base is the snapshot at 6. Between 6 and its place stands the
 * CLOSE of the writer before.
 */
async function based(more: number): Promise<{ image: Image; point: ChainPoint; segment: string; end: number }> {
  const env = simEnv();
  let store = await openStore(env, dir, { machine: make, create: true, aheadBytes: 0 });
  await appendSome(store, 1, 3);
  await store.rotate();
  await store.checkpoint({ keep: 1 });
  await appendSome(store, 4, seq);
  const segment = fileOf(imageOf(env.fs), '0000000002-');
  const end = bytesOf(env.fs, segment).length;
  await store.close();
  store = await openStore(env, dir, { machine: make, aheadBytes: 0 });
  const { point } = (await store.checkpoint({ keep: 1 })).snapshot;
  await appendSome(store, seq + 1, seq + more);
  await store.close();
  const image = imageOf(env.fs);
  expect([...image.keys()].filter((path) => /wal$|snap$/.test(path))).toHaveLength(2);
  expect(point.offset).toBeGreaterThan(end);
  return { image, point, segment, end };
}

async function itemsOf(env: StorageEnv): Promise<string[]> {
  const store = await openStore(env, dir, { machine: make });
  const items = [...store.machine.items];
  await store.close();
  return items;
}

test('a cut at the seq of a snapshot leads to its place: cut before it, the store would have no base', async () => {
  const { image } = await based(2);
  const env = await diskOf(image);
  await applyRestore(env, dir, await planRestore(env, dir, { seq }));
  expect(await verifyStore(env, dir)).toMatchObject({ verdict: 'clean' });
  expect(await itemsOf(await diskOf(imageOf(env.fs)))).toEqual(texts(seq));
  await undoRepair(env, dir);
  expect(filesOf(imageOf(env.fs))).toEqual(filesOf(image));
});

test('a log that ends before the place of its snapshot is damaged, though no event is missing', async () => {
  const { image, point, segment, end } = await based(0);
  const bytes = bytesAt(image, segment);
  for (const withHead of [true, false]) {
    const rest = withHead ? image : withFile(image, `${dir}/HEAD`, undefined);
    for (let size = end; size < point.offset; size += 4) {
      const env = await diskOf(withFile(rest, segment, bytes.slice(0, size)));
      const report = await verifyStore(env, dir);
      expect(report, `${size}`).toMatchObject({ verdict: 'corrupt', lost: [], lostUnknown: !withHead && size > end });
      const codes = report.findings.filter(({ severity }) => severity !== 'note').map(({ code }) => code);
      expect(codes).toEqual([size > end ? 'E_CUT' : withHead ? 'E_END_MISSING' : 'E_SNAPSHOT_AHEAD']);
      await expect(openStore(env, dir, { machine: make })).rejects.toMatchObject({ exit: 3 });
      // Gone back to what is left, the snapshot would be none of it.
      await expect(planRestore(env, dir, { seq })).rejects.toMatchObject({ code: 'E_NO_BASE' });
    }
    const whole = await diskOf(withFile(rest, segment, bytes.slice(0, point.offset)));
    const { findings } = await verifyStore(whole, dir);
    expect(findings.map(({ code }) => code)).not.toContain('E_SNAPSHOT_AHEAD');
  }
});

/** The whole log from 1 on, and the same snapshot, behind the CLOSE. `end` and `head` are of the last event. */
async function whole(): Promise<{ image: Image; segment: string; end: number; head: HeadSlot }> {
  const env = simEnv();
  let store = await openStore(env, dir, { machine: make, create: true, aheadBytes: 0 });
  await appendSome(store, 1, seq);
  const segment = fileOf(imageOf(env.fs), '0000000001-');
  const end = bytesOf(env.fs, segment).length;
  const { slot } = decodeHeadFile(bytesOf(env.fs, `${dir}/HEAD`));
  await store.close();
  store = await openStore(env, dir, { machine: make, aheadBytes: 0 });
  await store.checkpoint();
  await store.close();
  if (slot === undefined) throw new Error('HEAD was whole');
  return { image: imageOf(env.fs), segment, end, head: slot };
}

test('a snapshot whose place is gone is set aside by a cut at its seq', async () => {
  const { image, segment, end } = await whole();
  const env = await diskOf(withFile(image, segment, bytesAt(image, segment).slice(0, end)));
  const plan = await planRestore(env, dir, { seq });
  expect(plan.actions.map(({ kind, file }) => `${kind} ${file}`)).toContain('move snapshots/00000000000000000006.snap');
  await applyRestore(env, dir, plan);
  expect(await verifyStore(env, dir)).toMatchObject({ verdict: 'clean' });
  expect(await itemsOf(env)).toEqual(texts(seq));
});

test('a backup that ends at an event leaves out the snapshot behind it', async () => {
  const { image, head } = await whole();
  const env = await diskOf(withFile(image, `${dir}/HEAD`, encodeHeadFile(head)));
  // A writer beside us: HEAD moves, and what lies behind it is in flight.
  let { counter } = head;
  const sleep = async (): Promise<void> =>
    putFile(env.fs, `${dir}/HEAD`, encodeHeadFile({ ...head, counter: ++counter }));
  const beside = { ...env, clock: Object.assign(Object.create(env.clock), { sleep }) };
  expect(await backupStore(beside, dir, '/copy', make)).toMatchObject({ seqLast: seq, snapshots: 0 });
});

test('a snapshot with its place behind SEAL is of a copy that went its own way', async () => {
  const common = (await whole()).image;
  const apart = async (work: (store: Store<ListMachine>) => Promise<unknown>): Promise<Image> => {
    const env = await diskOf(common);
    const store = await openStore(env, dir, { machine: make, aheadBytes: 0 });
    await work(store);
    await store.close();
    return imageOf(env.fs);
  };
  const other = await apart(async (store) => {
    await appendSome(store, 7, 12);
    await store.checkpoint();
  });
  const own = await apart(async (store) => {
    await store.append(packed([7, 8, 9, 10, 11, 12].map((number) => Buffer.from(`own ${number}`))));
    await store.rotate();
    await appendSome(store, 13, 13);
  });
  const snapshot = fileOf(other, '12.snap');
  const env = await diskOf(withFile(own, snapshot, bytesAt(other, snapshot)));
  const report = await verifyStore(env, dir);
  expect(report.findings.map(({ code, severity }) => `${severity} ${code}`)).toEqual(['degraded E_SNAPSHOT_CHAIN']);
  expect((await itemsOf(env)).slice(-2)).toEqual(['own 12', textOf(13)]);
});

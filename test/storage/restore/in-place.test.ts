import { describe, expect, test } from 'vitest';
import { verifyStore } from '../../../src/storage/read.ts';
import { undoRepair } from '../../../src/storage/repair-undo.ts';
import { applyRestore, planRestore } from '../../../src/storage/restore-in-place.ts';
import { openStore } from '../../../src/storage/store.ts';
import { simEnv } from '../../support/env.ts';
import { crashStates } from '../../support/sim-crash.ts';
import { bytesOf, putFile, removeFile } from '../../support/sim-edit.ts';
import { SimFs } from '../../support/sim-fs.ts';
import { imageAfterKill } from '../../support/sim-image.ts';
import { isChange } from '../../support/sim-ops.ts';
import { tried } from '../../support/tried.ts';
import { crashOptions, expectSameFiles, failing, itemsOf, pointsOf, type SimWorld } from '../backup/support.ts';
import { appendSome, dir, diskOf, flipped, type Image, imageOf, make, sampleStore, textOf } from '../damage/image.ts';
import { filesOf, undoAll } from '../repair/support.ts';

const texts = (count: number) => Array.from({ length: count }, (_, index) => textOf(index + 1));
const snapshotAt = (seq: number) => `snapshots/${String(seq).padStart(20, '0')}.snap`;

async function goBack(env: SimWorld, seq = 4): Promise<void> {
  await applyRestore(env, dir, await planRestore(env, dir, { snapshot: snapshotAt(seq) }));
}

/** The store alone: no quarantine, no temp files, no LOCK. */
function storeOnly(image: Image): Image {
  return new Map([...image].filter(([path]) => !/LOCK$|quarantine|\.tmp$/.test(path)));
}

test('a store goes back to any of its snapshots, goes on from there, and comes back to the byte', async () => {
  for (const closed of [true, false]) {
    for (const seq of [4, 8]) {
      const before = await sampleStore({ closed });
      const env = await diskOf(before);
      await goBack(env, seq);
      expect(await itemsOf(storeOnly(imageOf(env.fs)))).toEqual(texts(seq));
      await undoRepair(env, dir);
      expect(filesOf(imageOf(env.fs))).toEqual(filesOf(before));
      expect(
        [...imageOf(env.fs).keys()].filter((path) => /\.(wal|snap)$|HEAD$/.test(path) && path.includes('quarantine')),
      ).toEqual([]);
    }
  }
});

test('a plan says what goes and changes nothing; where nothing came after it is empty', async () => {
  const env = await diskOf(await sampleStore({ closed: true }));
  const before = imageOf(env.fs);
  const plan = await planRestore(env, dir, { snapshot: snapshotAt(4) });
  const said = plan.actions.map(({ kind, file }) => `${kind} ${file.replace(/^.*(-|\/)0*/, '')}`);
  expect(said).toEqual(['replace HEAD', 'move 8.snap', 'move 9.wal', 'move 5.wal', 'replace 1.wal']);
  expectSameFiles(imageOf(env.fs), before);
  await goBack(env, 4);
  expect((await planRestore(env, dir, { snapshot: snapshotAt(4) })).actions).toEqual([]);
});

test('what is torn or damaged after the snapshot goes with the rest; what is damaged before it refuses', async () => {
  const image = await sampleStore({ closed: true });
  const names = [...image.keys()].filter((path) => path.endsWith('.wal')).sort();
  const damage = (name: string, at: number) =>
    new Map(image).set(name, flipped(image.get(name) ?? new Uint8Array(), at));
  const [first = '', second = '', third = ''] = names;
  const gone = new Map([...image].filter(([path]) => path !== second));
  for (const bad of [damage(third, 150 * 8), damage(second, 150 * 8), gone]) {
    const env = await diskOf(bad);
    await goBack(env, 4);
    expect(await itemsOf(storeOnly(imageOf(env.fs)))).toEqual(texts(4));
    await undoRepair(env, dir);
    expect(filesOf(imageOf(env.fs))).toEqual(filesOf(bad));
  }
  for (const bad of [
    damage(first, 150 * 8),
    damage(`${dir}/STORE.json`, 300),
    damage(`${dir}/${snapshotAt(4)}`, 600),
  ]) {
    const env = await diskOf(bad);
    await expect(planRestore(env, dir, { snapshot: snapshotAt(4) })).rejects.toMatchObject({ exit: 3 });
    expectSameFiles(imageOf(env.fs), bad);
  }
});

test('where cleaning took the segment of the snapshot, the log goes back to the start of the next one', async () => {
  const env = await diskOf(await sampleStore({ closed: true }));
  let store = await openStore(env, dir, { machine: make, keepSnapshots: 1 });
  await store.checkpoint();
  await store.rotate();
  await store.checkpoint();
  await store.close();
  store = await openStore(env, dir, { machine: make, keepSnapshots: 1 });
  await appendSome(store, 13, 15);
  await store.close();
  const before = imageOf(env.fs);
  expect([...before.keys()].filter((path) => path.endsWith('.wal')).length).toBe(1);
  await goBack(env, 12);
  expect(await itemsOf(storeOnly(imageOf(env.fs)))).toEqual(texts(12));
  await undoRepair(env, dir);
  expect(filesOf(imageOf(env.fs))).toEqual(filesOf(before));
});

/** Never a third state: it is as before, or at the snapshot, or refused as damaged until it is finished or undone. */
async function stateOf(image: Image): Promise<string> {
  const env = await diskOf(image);
  const { verdict } = await verifyStore(env, dir);
  if (verdict !== 'clean') return verdict;
  const store = await openStore(env, dir, { machine: make });
  const { length } = store.machine.items;
  expect(store.machine.items).toEqual(texts(length));
  await store.close();
  return `at ${length}`;
}

/** The disk as the next process finds it, with every file under all its names. */
function afterwards(fs: SimFs): SimWorld {
  return simEnv({ fs: new SimFs(imageAfterKill(fs.root)) });
}

describe('a crash', () => {
  test('at any call of a restore: the next one finishes it, an undo takes it back', async (context) => {
    const image = await sampleStore({ closed: true });
    const env = await diskOf(image);
    const points = await pointsOf(env, () => goBack(env));
    const seen: Record<string, number> = {};
    for (const point of points) {
      for (const { fs, label } of crashStates(point.fs, crashOptions)) {
        const left = imageOf(fs);
        const state = await stateOf(left);
        seen[state] = (seen[state] ?? 0) + 1;
        if (point.answered) expect(state, label).toBe('at 4');
        const again = afterwards(fs);
        await goBack(again);
        expect(await stateOf(imageOf(again.fs)), label).toBe('at 4');
        await undoAll(again);
        expect(filesOf(imageOf(again.fs)), label).toEqual(filesOf(image));
        const back = afterwards(fs);
        await undoAll(back);
        expect(filesOf(imageOf(back.fs)), label).toEqual(filesOf(image));
      }
    }
    expect(Object.keys(seen).sort()).toEqual(['at 12', 'at 4', 'corrupt']);
    tried(context, 'crash-in-recovery', seen);
  });

  test('at any call of an undo: the next one finishes it', async (context) => {
    const image = await sampleStore({ closed: true });
    const env = await diskOf(image);
    await goBack(env);
    const points = await pointsOf(env, () => undoRepair(env, dir));
    const seen: Record<string, number> = {};
    for (const point of points) {
      for (const { fs, label } of crashStates(point.fs, crashOptions)) {
        const left = imageOf(fs);
        const state = await stateOf(left);
        seen[state] = (seen[state] ?? 0) + 1;
        if (point.answered) expect(state, label).toBe('at 12');
        const again = afterwards(fs);
        await undoAll(again);
        expect(filesOf(imageOf(again.fs)), label).toEqual(filesOf(image));
      }
    }
    expect(Object.keys(seen).sort()).toEqual(['at 12', 'at 4', 'corrupt']);
    tried(context, 'crash-in-recovery', seen);
  });
});

test.for(['ENOSPC', 'EIO'])('%s at any change of a restore can be finished or taken back', async (errno, context) => {
  const image = await sampleStore({ closed: true });
  const outcomes: Record<string, number> = {};
  for await (const { code, hit, left } of failing(image, goBack, ({ kind }) => isChange(kind), errno)) {
    expect(code, hit).toBe(errno === 'EIO' ? 'E_IO' : 'E_NO_SPACE');
    outcomes[code] = (outcomes[code] ?? 0) + 1;
    const again = await diskOf(left);
    await goBack(again);
    expect(await stateOf(imageOf(again.fs)), hit).toBe('at 4');
    const back = await diskOf(left);
    await undoAll(back);
    expect(filesOf(imageOf(back.fs)), hit).toEqual(filesOf(image));
  }
  tried(context, errno === 'EIO' ? 'write-error' : 'disk-full', outcomes);
});

describe('an undo takes nothing on trust', () => {
  test('what was written since is not lost', async () => {
    const env = await diskOf(await sampleStore({ closed: true }));
    await goBack(env);
    const store = await openStore(env, dir, { machine: make });
    await appendSome(store, 5, 5);
    await store.close();
    const before = imageOf(env.fs);
    await expect(undoRepair(env, dir)).rejects.toMatchObject({ code: 'E_PLAN_STALE', exit: 7 });
    expect(filesOf(imageOf(env.fs))).toEqual(filesOf(before));
  });

  test.each(['flipped', 'gone'])('what was set aside is not put back when it is %s', async (how) => {
    const sample = await diskOf(await sampleStore({ closed: true }));
    await goBack(sample);
    const kept = [...imageOf(sample.fs).keys()].filter((path) => /quarantine\/(HEAD|0)/.test(path));
    expect(kept.length).toBe(5);
    for (const path of kept) {
      const env = await diskOf(imageOf(sample.fs));
      if (how === 'gone') removeFile(env.fs, path);
      else putFile(env.fs, path, flipped(bytesOf(env.fs, path), 99));
      const before = imageOf(env.fs);
      await expect(undoRepair(env, dir), path).rejects.toMatchObject({ code: 'E_EVIDENCE', exit: 3 });
      expectSameFiles(imageOf(env.fs), before);
    }
  });
});

test('a store that is written to is not taken back, nor one that changed since the plan', async () => {
  const env = await diskOf(await sampleStore({ closed: true }));
  const plan = await planRestore(env, dir, { snapshot: snapshotAt(4) });
  const store = await openStore(env, dir, { machine: make });
  await expect(applyRestore(env, dir, plan)).rejects.toMatchObject({ code: 'E_LOCKED', exit: 6 });
  removeFile(env.fs, `${dir}/LOCK`);
  await expect(applyRestore(env, dir, plan)).rejects.toMatchObject({ code: 'E_LOCKED', exit: 6 });
  await appendSome(store, 13, 13);
  await store.close();
  await expect(applyRestore(env, dir, plan)).rejects.toMatchObject({ code: 'E_PLAN_STALE', exit: 7 });
});

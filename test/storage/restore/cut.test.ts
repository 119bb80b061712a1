import { expect, test } from 'vitest';
import { verifyStore } from '../../../src/storage/read.ts';
import { undoRepair } from '../../../src/storage/repair-undo.ts';
import { applyRestore, planRestore } from '../../../src/storage/restore-in-place.ts';
import { openStore } from '../../../src/storage/store.ts';
import { simEnv } from '../../support/env.ts';
import { crashStates } from '../../support/sim-crash.ts';
import { SimFs } from '../../support/sim-fs.ts';
import { imageAfterKill } from '../../support/sim-image.ts';
import type { FolderNode } from '../../support/sim-nodes.ts';
import type { OpRecord } from '../../support/sim-ops.ts';
import { tried } from '../../support/tried.ts';
import { crashOptions, expectSameFiles, pointsOf, type SimWorld } from '../backup/support.ts';
import { appendSome, dir, diskOf, flipped, type Image, imageOf, make, sampleStore, textOf } from '../damage/image.ts';
import { filesOf, undoAll } from '../repair/support.ts';

const texts = (count: number) => Array.from({ length: count }, (_, index) => textOf(index + 1));

async function cut(env: SimWorld, seq: number): Promise<void> {
  await applyRestore(env, dir, await planRestore(env, dir, { seq }));
}

async function itemsAndGoOn(image: Image): Promise<string[]> {
  const env = await diskOf(image);
  const { verdict, findings } = await verifyStore(env, dir);
  expect({ verdict, notes: findings.filter(({ code }) => code !== 'E_LEFTOVER') }).toEqual({
    verdict: 'clean',
    notes: [],
  });
  const store = await openStore(env, dir, { machine: make });
  const items = [...store.machine.items];
  await appendSome(store, items.length + 1, items.length + 1);
  await store.close();
  const again = await openStore(env, dir, { machine: make });
  expect(again.machine.items).toEqual(texts(items.length + 1));
  await again.close();
  return items;
}

test('cut in place at the end of each operation keeps what came before, and is taken back to the byte', async () => {
  let cuts = 0;
  let amid = 0;
  for (const closed of [true, false]) {
    const before = await sampleStore({ closed });
    for (let seq = 1; seq <= 12; seq++) {
      const env = await diskOf(before);
      const failure = await cut(env, seq).then(
        () => undefined,
        (error: { code: string }) => error.code,
      );
      if (failure !== undefined) {
        expect(failure).toBe('E_NOT_FRAME_END');
        expectSameFiles(imageOf(env.fs), before);
        amid++;
        continue;
      }
      cuts++;
      expect(await itemsAndGoOn(imageOf(env.fs)), `seq ${seq}`).toEqual(texts(seq));
      const snapshots = [...imageOf(env.fs).keys()].filter((path) => /^\/s\/snapshots\/.*snap$/.test(path));
      expect(snapshots.every((path) => Number(/(\d+)\.snap$/.exec(path)?.[1]) <= seq)).toBe(true);
      await undoAll(env);
      expect(filesOf(imageOf(env.fs))).toEqual(filesOf(before));
    }
  }
  expect(cuts).toBeGreaterThan(8);
  expect(amid).toBeGreaterThan(0);
});

test('a seq that the log does not have, or not any more, is no place to cut at', async () => {
  const env = await diskOf(await sampleStore({ closed: true }));
  for (const seq of [0, 13]) await expect(cut(env, seq)).rejects.toMatchObject({ code: 'E_SEQ_RANGE', exit: 2 });
});

test('behind damage nothing is cut in place, and the damage is named', async () => {
  const image = await sampleStore({ closed: true });
  const path = [...image.keys()].find((name) => name.includes('0000000001-')) ?? '';
  const damaged = new Map(image).set(path, flipped(image.get(path) ?? new Uint8Array(), 150 * 8));
  const env = await diskOf(damaged);
  await expect(cut(env, 8)).rejects.toMatchObject({
    exit: 3,
    code: expect.stringMatching(/^E_(PAYLOAD|FRAME_HEADER)$/),
  });
  expectSameFiles(imageOf(env.fs), damaged);
});

const secondNames = (image: Image) => [...image.keys()].filter((path) => /quarantine\/(HEAD|.*\.wal)$/.test(path));

const noLinks = { nth: 1, persistent: true, errno: 'EPERM', match: ({ kind }: OpRecord) => kind === 'link' };

test.for([
  ['', []],
  [' on a disk without hard links', [noLinks]],
] as const)(
  'a cut or its undo that dies at any call%s is finished by the next one, or taken back',
  async ([, faults], context) => {
    const image = await sampleStore({ closed: true });
    const disk = (root: FolderNode): SimWorld => {
      const fs = new SimFs(imageAfterKill(root));
      for (const fault of faults) fs.inject(fault);
      return simEnv({ fs });
    };
    const seen: Record<string, number> = {};
    const seq = 6;
    const whole = await diskOf(image);
    const failure = await cut(disk(whole.fs.root), seq).then(
      () => undefined,
      (error: { code: string }) => error.code,
    );
    expect(failure).toBeUndefined();
    for (const work of [(env: SimWorld) => cut(env, seq), (env: SimWorld) => undoRepair(env, dir)]) {
      const env = disk((await diskOf(image)).fs.root);
      if (seen.cut !== undefined) await cut(env, seq);
      const kind = seen.cut === undefined ? 'cut' : 'undo';
      for (const point of await pointsOf(env, () => work(env))) {
        for (const { fs, label } of crashStates(point.fs, crashOptions)) {
          seen[kind] = (seen[kind] ?? 0) + 1;
          if (kind === 'cut') {
            const again = disk(fs.root);
            await cut(again, seq);
            expect(await itemsAndGoOn(imageOf(again.fs)), label).toEqual(texts(seq));
          }
          const back = disk(fs.root);
          await undoAll(back);
          expect(filesOf(imageOf(back.fs)), label).toEqual(filesOf(image));
          // A writer that comes later would write to it under both names.
          if (label === 'kill') expect(secondNames(imageOf(back.fs))).toEqual([]);
        }
      }
    }
    expect(Math.min(seen.cut ?? 0, seen.undo ?? 0)).toBeGreaterThan(40);
    tried(context, 'crash-in-recovery', seen);
  },
);

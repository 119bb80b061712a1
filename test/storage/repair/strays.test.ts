import { expect, test } from 'vitest';
import { verifyStore } from '../../../src/storage/read.ts';
import { planRepair } from '../../../src/storage/repair.ts';
import { undoRepair } from '../../../src/storage/repair-undo.ts';
import { openStore } from '../../../src/storage/store.ts';
import { decodeHeadFile, encodeHeadFile } from '../../../src/storage/wal/head.ts';
import { crashStates } from '../../support/sim-crash.ts';
import { copied, laterFile, next, noise, withStrays } from '../damage/behind-end.ts';
import { everyStore, recordsOfAll } from '../damage/every-store.ts';
import {
  appendSome,
  bytesAt,
  dir,
  diskOf,
  fileOf,
  flipped,
  type Image,
  imageOf,
  make,
  sampleStore,
  withFile,
} from '../damage/image.ts';
import { deaths } from './deaths.ts';
import { filesOf, healing, repair, trimming, undoAll } from './support.ts';

/** Files behind the proven end of a log: a repair moves them away, and they can come back. */

const twoStrays = async (): Promise<{ whole: Image; damaged: Image }> => {
  const whole = await everyStore({ closed: true });
  return { whole, damaged: withFile(copied(whole, '0000000003-'), laterFile, noise) };
};

test('files behind the end of the log are moved to quarantine, whole, and come back to the byte', async () => {
  const whole = await everyStore({ closed: true });
  for (const [what, damaged] of Object.entries(await withStrays(whole))) {
    const env = await diskOf(damaged);
    const { strays } = await verifyStore(env, dir);
    const plan = await repair(env);
    expect(
      plan.actions.map(({ kind, file }) => [kind, file]),
      what,
    ).toEqual(strays.map((file) => ['move', file]));
    expect([plan.leaves, plan.mends.length > 0, plan.needsYes], what).toEqual([[], true, false]);
    const after = imageOf(env.fs);
    expect(filesOf(after), what).toEqual(filesOf(whole));
    for (const file of strays)
      expect(after.get(`${dir}/quarantine/${file.slice('wal/'.length)}`), what).toEqual(
        bytesAt(damaged, `${dir}/${file}`),
      );
    expect(await verifyStore(env, dir), what).toMatchObject({ verdict: 'clean', strays: [], seqLast: recordsOfAll });
    await undoRepair(env, dir);
    expect(filesOf(imageOf(env.fs)), what).toEqual(filesOf(damaged));
  }
});

test('beside other damage the files behind the end go, and the rest is left and named', async () => {
  const { whole, damaged } = await twoStrays();
  const path = fileOf(whole, '0000000001-');
  const both = await diskOf(withFile(damaged, path, flipped(bytesAt(whole, path), 8 * 180)));
  const plan = await repair(both);
  expect(plan.actions.map(({ kind }) => kind)).toEqual(['move', 'move']);
  expect(plan.leaves.map(({ file }) => `${dir}/${file}`)).toContain(path);
  await repair(both, healing);
  expect(filesOf(imageOf(both.fs))).toEqual(filesOf(whole));
  await undoAll(both);
  expect((await verifyStore(both, dir)).strays).toHaveLength(2);
});

test('nothing is moved where HEAD does not prove the end', async () => {
  const { damaged } = await twoStrays();
  const { slot } = decodeHeadFile(bytesAt(damaged, `${dir}/HEAD`));
  if (slot === undefined) throw new Error('HEAD was sound');
  const heads = [undefined, encodeHeadFile({ ...slot, closed: false })];
  for (const head of heads) {
    const plan = await planRepair(await diskOf(withFile(damaged, `${dir}/HEAD`, head)), dir, trimming);
    expect(plan).toMatchObject({ verdict: 'corrupt', actions: [], mends: [] });
  }
});

test('what was moved away does not come back to a store that was written to since', async () => {
  const { damaged } = await twoStrays();
  const env = await diskOf(damaged);
  await repair(env);
  const store = await openStore(env, dir, { machine: make });
  await appendSome(store, recordsOfAll + 1, recordsOfAll + 1);
  await store.close();
  await expect(undoRepair(env, dir)).rejects.toThrow(
    expect.objectContaining({
      code: 'E_PLAN_STALE',
      message: expect.stringContaining('the store has been written to'),
    }),
  );
  expect(await verifyStore(env, dir)).toMatchObject({ verdict: 'clean', seqLast: recordsOfAll + 1 });
  expect(imageOf(env.fs).has(next)).toBe(false);
});

test('moving away, or its undo, that dies at any call is done by the next one', async () => {
  const whole = await sampleStore({ closed: true });
  const damaged = withFile(whole, next, noise.subarray(0, 100));
  const done = await diskOf(damaged);
  await repair(done);
  for (const { fs, label } of crashStates(done.fs)) expect(filesOf(imageOf(fs)), label).toEqual(filesOf(whole));
  let states = 0;
  for await (const left of deaths(damaged, repair)) {
    states++;
    const again = await diskOf(left);
    await repair(again);
    expect(filesOf(imageOf(again.fs))).toEqual(filesOf(whole));
    await undoAll(again);
    expect(filesOf(imageOf(again.fs))).toEqual(filesOf(damaged));
  }
  for await (const left of deaths(imageOf(done.fs), (dying) => undoRepair(dying, dir))) {
    states++;
    const again = await diskOf(left);
    await undoAll(again);
    expect(filesOf(imageOf(again.fs))).toEqual(filesOf(damaged));
  }
  expect(states).toBeGreaterThan(30);
});

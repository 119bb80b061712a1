import { expect, test } from 'vitest';
import { applyRepair, planRepair } from '../../../src/storage/repair.ts';
import { openStore } from '../../../src/storage/store.ts';
import { simEnv } from '../../support/env.ts';
import { bytesOf, putFile, removeFile } from '../../support/sim-edit.ts';
import {
  appendSome,
  bytesAt,
  dir,
  diskOf,
  fileOf,
  flipped,
  imageOf,
  make,
  sampleStore,
  withFile,
} from '../damage/image.ts';
import { damagedStore, filesOf, repair, repaired, trimming, withTail } from './support.ts';

test('a repair cuts the tail and writes STORE.json anew, and no other byte', async () => {
  const { env, whole } = await repaired();
  expect(filesOf(imageOf(env.fs))).toEqual(filesOf(whole));
});

test('a damaged snapshot is a fault that repair leaves, beside a tail that it cuts', async () => {
  const image = await sampleStore({ closed: true });
  const snapshot = fileOf(image, '00000008.snap');
  const degraded = withFile(image, snapshot, flipped(bytesAt(image, snapshot), 900));
  const alone = await planRepair(await diskOf(degraded), dir, trimming);
  expect({ verdict: alone.verdict, actions: alone.actions }).toEqual({ verdict: 'degraded', actions: [] });
  expect(alone.leaves.map(({ file }) => `${dir}/${file}`)).toEqual([snapshot]);

  const path = fileOf(image, '0000000003-');
  const tailed = withFile(degraded, path, withTail(bytesAt(image, path)));
  const both = await planRepair(await diskOf(tailed), dir, trimming);
  expect(both.mends.map(({ code }) => code)).toEqual(['E_AMBIGUOUS_TAIL']);
  expect(both.leaves).toEqual(alone.leaves);
});

test('what is cut is the unreadable tail, not the padding of a segment before it', async () => {
  const image = await sampleStore({ closed: true });
  const [sealed, active] = [fileOf(image, '0000000001-'), fileOf(image, '0000000003-')];
  const padded = withFile(image, sealed, Uint8Array.from([...bytesAt(image, sealed), ...new Uint8Array(100)]));
  const env = await diskOf(withFile(padded, active, withTail(bytesAt(image, active))));
  const plan = await repair(env);
  expect(plan.actions.map(({ file }) => `${dir}/${file}`)).toEqual([active]);
  expect((await planRepair(env, dir, trimming)).actions).toEqual([]);
});

test('STORE.json is not written anew where segments and HEAD are of two stores', async () => {
  const image = withFile(await sampleStore({ closed: true }), `${dir}/STORE.json`, Buffer.from('{}'));
  const env = simEnv({ seed: 77 });
  const store = await openStore(env, dir, { machine: make, create: true });
  await store.close();
  const head = withFile(image, `${dir}/HEAD`, bytesAt(imageOf(env.fs), `${dir}/HEAD`));
  for (const [of, actions] of [
    [image, 1],
    [head, 0],
  ] as const) {
    const plan = await planRepair(await diskOf(of), dir, trimming);
    expect(plan.actions).toHaveLength(actions);
    expect(plan.leaves.some(({ code }) => code === 'E_STORE_BAD')).toBe(actions === 0);
  }
});

test('a plan is not carried out when a file that it touches has changed', async () => {
  const { damaged, segment } = await damagedStore();
  const tail = bytesAt(damaged, segment);
  for (const [path, bytes] of [
    [segment, flipped(tail, tail.length - 1)],
    [segment, Uint8Array.from([...tail, 7])],
    [`${dir}/STORE.json`, Buffer.from('[]')],
  ] as const) {
    const env = await diskOf(damaged);
    const plan = await planRepair(env, dir, trimming);
    putFile(env.fs, path, bytes);
    const before = imageOf(env.fs);
    await expect(applyRepair(env, plan, trimming, { yes: true })).rejects.toMatchObject({
      code: 'E_PLAN_STALE',
      exit: 7,
    });
    expect(filesOf(imageOf(env.fs))).toEqual(filesOf(before));
  }
});

test('a segment that grew between plan and cut is not cut', async () => {
  const { damaged, segment } = await damagedStore();
  const env = await diskOf(damaged);
  const plan = await planRepair(env, dir, trimming);
  const grown = Buffer.concat([bytesAt(damaged, segment), Buffer.alloc(8, 1)]);
  // The journal is the last thing written before the cut.
  env.fs.watch = (record) => {
    if (record.kind === 'rename' && record.path.includes('repair-0001.json')) putFile(env.fs, segment, grown);
  };
  await expect(applyRepair(env, plan, trimming, { yes: true })).rejects.toMatchObject({ code: 'E_PLAN_STALE' });
  expect(Buffer.from(bytesOf(env.fs, segment)).equals(grown)).toBe(true);
});

test('nothing is cut before its copy is known to be good', async () => {
  const { damaged, segment } = await damagedStore();
  const env = await diskOf(damaged);
  const plan = await planRepair(env, dir, trimming);
  env.fs.watch = (record) => {
    const copied = record.kind === 'rename' && record.path.includes('.tail-');
    if (!copied) return;
    const path = fileOf(imageOf(env.fs), '.tail-');
    putFile(env.fs, path, flipped(bytesOf(env.fs, path), 3));
  };
  await expect(applyRepair(env, plan, trimming, { yes: true })).rejects.toMatchObject({ code: 'E_PLAN_STALE' });
  expect(bytesOf(env.fs, segment)).toEqual(bytesAt(damaged, segment));
});

test('beside a writer whose LOCK was deleted nothing is repaired', async () => {
  const env = await diskOf(await sampleStore({ closed: true }));
  const store = await openStore(env, dir, { machine: make });
  await appendSome(store, 13, 13);
  const segment = fileOf(imageOf(env.fs), '0000000003-');
  putFile(env.fs, segment, withTail(bytesOf(env.fs, segment)));
  removeFile(env.fs, `${dir}/LOCK`);
  const plan = await planRepair(env, dir, trimming);
  expect(plan.actions.length).toBe(1);
  await expect(applyRepair(env, plan, trimming, { yes: true })).rejects.toMatchObject({ code: 'E_LOCKED', exit: 6 });
});

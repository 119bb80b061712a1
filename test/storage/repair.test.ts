import { expect, test } from 'vitest';
import { applyRepair, planRepair, undoRepair } from '../../src/storage/repair.ts';
import { simEnv } from '../support/env.ts';
import { bytesOf, putFile, removeFile } from '../support/sim-edit.ts';
import type { SimFs } from '../support/sim-fs.ts';
import { bytesAt, dir, diskOf, fileOf, flipped, imageOf, sampleStore, withFile } from './damage/image.ts';

const journal = `${dir}/quarantine/repair-0001.json`;

const withTail = (bytes: Uint8Array) => Uint8Array.from([...bytes, ...new Uint8Array(700).fill(7)]);

/** A store with 700 odd bytes behind its end, cut off by repair. */
async function repaired() {
  const image = await sampleStore({ closed: true });
  const path = fileOf(image, '0000000003-');
  const damaged = withFile(image, path, withTail(bytesAt(image, path)));
  const env = await diskOf(damaged);
  const plan = await planRepair(env, dir);
  expect(plan.actions.map(({ kind }) => kind)).toEqual(['trim']);
  await applyRepair(env, dir, plan, { yes: true });
  const evidence = fileOf(imageOf(env.fs), '.tail-');
  return { env, image, damaged, path, evidence };
}

const filesOf = (fs: SimFs) => [...imageOf(fs)].filter(([path]) => !/LOCK$|quarantine/.test(path));

test('repair and its undo give back every byte', async () => {
  const { env, image, damaged } = await repaired();
  expect(filesOf(env.fs)).toEqual([...image].filter(([path]) => !path.endsWith('LOCK')));
  await undoRepair(env, dir);
  expect(filesOf(env.fs)).toEqual([...damaged].filter(([path]) => !path.endsWith('LOCK')));
});

test.each(['flipped', 'cut', 'gone'])('evidence that is %s is not put back', async (how) => {
  const { env, evidence } = await repaired();
  const bytes = bytesOf(env.fs, evidence);
  if (how === 'gone') removeFile(env.fs, evidence);
  else putFile(env.fs, evidence, how === 'cut' ? bytes.slice(0, 699) : flipped(bytes, 99));
  const before = filesOf(env.fs);
  await expect(undoRepair(env, dir)).rejects.toMatchObject({ code: 'E_EVIDENCE', exit: 3 });
  expect(filesOf(env.fs)).toEqual(before);
});

test.each([
  ['cut', (text: string) => text.slice(0, 40)],
  ['not an object', () => 'null'],
  ['without actions', () => '{"walq":1,"appliedMs":1}'],
  ['of a file outside', (text: string) => text.replace(/"file": "wal\//, '"file": "wal/../../')],
  ['of a file that is no segment', (text: string) => text.replace(/"file": "[^"]*"/, '"file": "HEAD"')],
  ['of evidence outside', (text: string) => text.replace(/"quarantine": "/, '"quarantine": "../')],
  ['with a negative offset', (text: string) => text.replace(/"offset": /, '"offset": -')],
])('a journal that is %s is not followed', async (_how, edit) => {
  const { env } = await repaired();
  const text = Buffer.from(bytesOf(env.fs, journal)).toString();
  expect(edit(text)).not.toBe(text);
  putFile(env.fs, journal, Buffer.from(edit(text)));
  const before = filesOf(env.fs);
  await expect(undoRepair(env, dir)).rejects.toMatchObject({ code: 'E_JOURNAL', exit: 3 });
  expect(filesOf(env.fs)).toEqual(before);
});

test('a damaged snapshot is a fault that repair leaves, beside a tail that it cuts', async () => {
  const image = await sampleStore({ closed: true });
  const snapshot = fileOf(image, '00000008.snap');
  const degraded = withFile(image, snapshot, flipped(bytesAt(image, snapshot), 900));
  const alone = await planRepair(await diskOf(degraded), dir);
  expect({ verdict: alone.verdict, actions: alone.actions }).toEqual({ verdict: 'degraded', actions: [] });
  expect(alone.leaves.map(({ file }) => `${dir}/${file}`)).toEqual([snapshot]);

  const path = fileOf(image, '0000000003-');
  const both = await planRepair(await diskOf(withFile(degraded, path, withTail(bytesAt(image, path)))), dir);
  expect(both.mends.map(({ code }) => code)).toEqual(['E_AMBIGUOUS_TAIL']);
  expect(both.leaves).toEqual(alone.leaves);
});

test('what is cut is the unreadable tail, not the padding of a segment before it', async () => {
  const image = await sampleStore({ closed: true });
  const [sealed, active] = [fileOf(image, '0000000001-'), fileOf(image, '0000000003-')];
  const padded = withFile(image, sealed, Uint8Array.from([...bytesAt(image, sealed), ...new Uint8Array(100)]));
  const env = await diskOf(withFile(padded, active, withTail(bytesAt(image, active))));
  const plan = await planRepair(env, dir);
  expect(plan.actions.map(({ file }) => `${dir}/${file}`)).toEqual([active]);
  await applyRepair(env, dir, plan, { yes: true });
  expect((await planRepair(env, dir)).actions).toEqual([]);
});

test('a segment that grew between plan and cut is not cut', async () => {
  const image = await sampleStore({ closed: true });
  const path = fileOf(image, '0000000003-');
  const odd = withTail(bytesAt(image, path));
  const env = simEnv({ fs: (await diskOf(withFile(image, path, odd))).fs });
  const plan = await planRepair(env, dir);
  const grown = Buffer.concat([odd, Buffer.alloc(8, 1)]);
  // The journal is the last thing written before the cut.
  env.fs.watch = (record) => {
    if (record.kind === 'rename' && record.path.includes('repair-0001.json')) putFile(env.fs, path, grown);
  };
  await expect(applyRepair(env, dir, plan, { yes: true })).rejects.toMatchObject({ code: 'E_PLAN_STALE' });
  expect(Buffer.from(bytesOf(env.fs, path)).equals(grown)).toBe(true);
});

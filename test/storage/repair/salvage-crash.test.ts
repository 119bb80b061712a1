import { expect, test } from 'vitest';
import { verifyStore } from '../../../src/storage/read.ts';
import { openStore } from '../../../src/storage/store.ts';
import type { StorageEnv } from '../../../src/storage/types.ts';
import { crashStates } from '../../support/sim-crash.ts';
import { tried } from '../../support/tried.ts';
import { dir, diskOf, type Image, imageOf } from '../damage/image.ts';
import { deaths } from './deaths.ts';
import { holed, intoPlace } from './salvage-place.ts';
import { seqMachine, to } from './salvage-support.ts';
import { filesOf } from './support.ts';

const within = (image: Image, folder: string): Image =>
  new Map([...image].filter(([path]) => path.startsWith(`${folder}/`)));

async function isWhole(env: StorageEnv): Promise<void> {
  const report = await verifyStore(env, to);
  expect(report.verdict).toBe('clean');
  expect(report.records).toBe(10);
  const store = await openStore(env, to, { machine: seqMachine });
  expect(store.seqLast).toBe(12);
  await store.close();
}

test('a salvage that dies at any call leaves a whole new store or none', async (context) => {
  const damaged = await holed();
  const outcomes = { none: 0, whole: 0 };
  for await (const left of deaths(damaged, intoPlace)) {
    expect(filesOf(within(left, dir))).toEqual(filesOf(damaged));
    const there = within(left, to).size > 0;
    outcomes[there ? 'whole' : 'none']++;
    if (there) await isWhole(await diskOf(left));
  }
  expect(outcomes.none).toBeGreaterThan(100);
  tried(context, 'kill-9', { 'salvage: no new store': outcomes.none, 'salvage: whole': outcomes.whole });
});

test('a salvage that is done is done on the disk', async () => {
  const env = await diskOf(await holed());
  await intoPlace(env);
  for (const { fs } of crashStates(env.fs)) await isWhole(await diskOf(imageOf(fs)));
});

test('what a dead salvage left is in the way, and named', async () => {
  const env = await diskOf(await holed());
  await env.fs.mkdir(`${to}.salvaging`);
  await (await env.fs.open(`${to}.salvaging/STORE.json`, 'wx')).close();
  await expect(intoPlace(env)).rejects.toMatchObject({ code: 'E_SALVAGE_LEFT', exit: 7 });
});

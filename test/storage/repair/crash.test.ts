import { expect, test } from 'vitest';
import { verifyStore } from '../../../src/storage/read.ts';
import { undoRepair } from '../../../src/storage/repair-undo.ts';
import { crashStates } from '../../support/sim-crash.ts';
import { tried } from '../../support/tried.ts';
import { dir, diskOf, imageOf, withFile } from '../damage/image.ts';
import { deaths } from './deaths.ts';
import { damagedStore, filesOf, flippedStore, healing, repair, repaired, undoAll } from './support.ts';

test('a repair that dies at any call is done by the next one, and what was done can be taken back', async (context) => {
  const { damaged } = await damagedStore();
  let states = 0;
  for await (const left of deaths(damaged, repair)) {
    states++;
    const again = await diskOf(left);
    await repair(again);
    expect((await verifyStore(again, dir)).verdict).toBe('clean');
    const back = await diskOf(left);
    await undoAll(back);
    expect(filesOf(imageOf(back.fs))).toEqual(filesOf(damaged));
  }
  expect(states).toBeGreaterThan(40);
  tried(context, 'crash-in-recovery', { 'repair done by the next': states });
});

test('a heal that dies at any call is done by the next one, and can be taken back', async (context) => {
  const { whole, damaged } = await flippedStore();
  let states = 0;
  for await (const left of deaths(damaged, (env) => repair(env, healing))) {
    states++;
    const again = await diskOf(left);
    await repair(again, healing);
    expect(filesOf(imageOf(again.fs))).toEqual(filesOf(whole));
    const back = await diskOf(left);
    await undoAll(back);
    expect(filesOf(imageOf(back.fs))).toEqual(filesOf(damaged));
  }
  expect(states).toBeGreaterThan(40);
  tried(context, 'kill-9', { 'heal done': states });
});

test('an undo of a heal that dies at any call is finished by the next one', async () => {
  const { damaged } = await flippedStore();
  const env = await diskOf(damaged);
  await repair(env, healing);
  let states = 0;
  for await (const left of deaths(imageOf(env.fs), (dying) => undoRepair(dying, dir))) {
    states++;
    const again = await diskOf(left);
    await undoAll(again);
    expect(filesOf(imageOf(again.fs))).toEqual(filesOf(damaged));
  }
  expect(states).toBeGreaterThan(20);
});

test('an undo that dies at any call is finished by the next one, whatever lay behind the cut', async (context) => {
  const { env, damaged } = await repaired();
  let states = 0;
  for await (const left of deaths(imageOf(env.fs), (dying) => undoRepair(dying, dir))) {
    states++;
    const again = await diskOf(left);
    await undoAll(again);
    expect(filesOf(imageOf(again.fs))).toEqual(filesOf(damaged));
  }
  expect(states).toBeGreaterThan(40);
  tried(context, 'crash-in-recovery', { 'undo done by the next': states });
});

test('a repair that is done is done on the disk, and so is an undo', async () => {
  const { damaged } = await damagedStore();
  for (const before of [damaged, withFile(damaged, `${dir}/STORE.json`, undefined)]) {
    const env = await diskOf(before);
    await repair(env);
    for (const { fs, label } of crashStates(env.fs)) {
      expect((await verifyStore(await diskOf(imageOf(fs)), dir)).verdict, label).toBe('clean');
    }
    await undoRepair(env, dir);
    for (const { fs, label } of crashStates(env.fs)) expect(filesOf(imageOf(fs)), label).toEqual(filesOf(before));
  }
});

import { expect, test } from 'vitest';
import { createStore } from '../../../src/storage/create.ts';
import { verifyStore } from '../../../src/storage/read.ts';
import { simEnv } from '../../support/env.ts';
import { crashStates } from '../../support/sim-crash.ts';
import { putFile, removeFile } from '../../support/sim-edit.ts';
import { SimFs } from '../../support/sim-fs.ts';
import { imageAfterKill, imageAfterPowerLoss } from '../../support/sim-image.ts';
import { tried } from '../../support/tried.ts';
import { explore, triedCrashes } from './explore.ts';
import { openList } from './oracle.ts';
import { item, Run, storeDir } from './run.ts';
import { emptyStore } from './workloads.ts';

test('a crash while a store is created leaves a store or nothing, and the next creation works', async (context) => {
  const run = await new Run().open();
  await run.append(item(1));
  await run.store.close();
  const result = await explore(run.points);
  expect(result.broken).toEqual([]);
  expect(result.states).toBeGreaterThan(50);
  triedCrashes(context, result);
});

test('a store is not taken for an unfinished creation after a power loss, even without its STORE.json', async () => {
  const run = await new Run().open();
  const fs = new SimFs(imageAfterPowerLoss(run.fs.root, () => false));
  removeFile(fs, `${storeDir}/STORE.json`);
  await expect(openList(fs, 3)).rejects.toMatchObject({ code: 'E_STORE_MISSING' });
});

test('a mark of creation that stayed behind goes at the next opening', async () => {
  const { fs } = (await new Run(await emptyStore()).open()).stop();
  const again = new SimFs(imageAfterKill(fs.root));
  putFile(again, `${storeDir}/CREATING`, new Uint8Array(0));
  await (await openList(again, 3)).close();
  expect(await again.lstat(`${storeDir}/CREATING`)).toBeUndefined();
});

test('an empty store that was closed is found again after every crash', async () => {
  const run = await new Run(await emptyStore()).open();
  await run.store.close();
  expect((await explore(run.points)).broken).toEqual([]);
});

test('what an unfinished creation left does not come back into the store that is made after it', async () => {
  const { fs } = new Run().stop();
  await fs.mkdir(storeDir);
  for (const folder of ['wal', 'snapshots']) await fs.mkdir(`${storeDir}/${folder}`);
  for (const folder of ['/', storeDir]) await fs.syncDir(folder);
  const left = `${storeDir}/snapshots/00000000000000000007.snap`;
  for (const path of [`${storeDir}/CREATING`, left]) putFile(fs, path, new Uint8Array(0));
  await createStore(simEnv({ fs }), storeDir);
  for (const state of crashStates(fs)) expect(await state.fs.lstat(left), state.label).toBeUndefined();
});

test('a creation that a crash cut short is never called damage: who looks finds a store or none', async (context) => {
  const run = await new Run().open();
  await run.store.close();
  const looks: Record<string, number> = {};
  for (const point of run.points) {
    for (const { fs, label } of crashStates(point.fs)) {
      const look = await verifyStore(simEnv({ fs }), storeDir).then(
        ({ verdict }) => verdict,
        (error: { code: string }) => error.code,
      );
      expect(['clean', 'padded', 'E_NO_STORE'], `${point.label} | ${label}`).toContain(look);
      looks[look] = (looks[look] ?? 0) + 1;
    }
  }
  expect(looks).toMatchObject({ clean: expect.any(Number), E_NO_STORE: expect.any(Number) });
  tried(context, 'unsynced-names', looks);
});

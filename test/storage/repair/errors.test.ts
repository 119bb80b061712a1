import { expect, test } from 'vitest';
import { verifyStore } from '../../../src/storage/read.ts';
import { undoRepair } from '../../../src/storage/repair-undo.ts';
import type { StorageEnv } from '../../../src/storage/types.ts';
import type { SimFs } from '../../support/sim-fs.ts';
import { isChange } from '../../support/sim-ops.ts';
import { tried } from '../../support/tried.ts';
import { dir, diskOf, type Image, imageOf } from '../damage/image.ts';
import { damagedStore, filesOf, repair, repaired, undoAll } from './support.ts';

/** One disk for each change that `work` makes: that call fails. Answers what was left, and how the work ended. */
async function* refusals(
  image: Image,
  errno: string,
  work: (env: StorageEnv & { fs: SimFs }) => Promise<unknown>,
): AsyncGenerator<{ left: Image; error: unknown }> {
  for (let nth = 1; ; nth++) {
    const env = await diskOf(image);
    env.fs.inject({ nth, errno, match: (op) => isChange(op.kind), sync: 'kept' });
    const error = await work(env).then(
      () => undefined,
      (failure: unknown) => failure,
    );
    if (!env.fs.log.some((op) => op.result === errno)) return;
    yield { left: imageOf(env.fs), error };
  }
}

for (const [errno, fault, code] of [
  ['EIO', 'write-error', 'E_IO'],
  ['ENOSPC', 'disk-full', 'E_NO_SPACE'],
] as const) {
  test(`a repair that meets ${errno} says ${code}; the next one does it, or it is taken back`, async (context) => {
    const { damaged } = await damagedStore();
    let refused = 0;
    for await (const { left, error } of refusals(damaged, errno, repair)) {
      if (error !== undefined) expect(error).toMatchObject({ code, exit: 74 });
      refused += error === undefined ? 0 : 1;
      const again = await diskOf(left);
      await repair(again);
      expect((await verifyStore(again, dir)).verdict).toBe('clean');
      const back = await diskOf(left);
      await undoAll(back);
      expect(filesOf(imageOf(back.fs))).toEqual(filesOf(damaged));
    }
    expect(refused).toBeGreaterThan(10);
    tried(context, fault, { 'repair refused, done by the next': refused });
  });

  test(`an undo that meets ${errno} at any call says ${code}, and the next one finishes it`, async (context) => {
    const { env, damaged } = await repaired();
    let refused = 0;
    for await (const { left, error } of refusals(imageOf(env.fs), errno, (failing) => undoRepair(failing, dir))) {
      if (error !== undefined) expect(error).toMatchObject({ code, exit: 74 });
      refused += error === undefined ? 0 : 1;
      const again = await diskOf(left);
      await undoAll(again);
      expect(filesOf(imageOf(again.fs))).toEqual(filesOf(damaged));
    }
    expect(refused).toBeGreaterThan(10);
    tried(context, fault, { 'undo refused, done by the next': refused });
  });
}

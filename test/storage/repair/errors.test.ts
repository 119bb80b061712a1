import { expect, test } from 'vitest';
import { WalqError } from '../../../src/base/errors.ts';
import { verifyStore } from '../../../src/storage/read.ts';
import { undoRepair } from '../../../src/storage/repair-undo.ts';
import { tried } from '../../support/tried.ts';
import { dir, diskOf, imageOf } from '../damage/image.ts';
import { refusals } from './deaths.ts';
import { damagedStore, filesOf, journalFile, repair, repaired, undoAll } from './support.ts';

for (const [errno, fault, code] of [
  ['EIO', 'write-error', 'E_IO'],
  ['ENOSPC', 'disk-full', 'E_NO_SPACE'],
] as const) {
  test(`a repair that meets ${errno} says ${code}; the next one does it, or it is taken back`, async (context) => {
    const { damaged } = await damagedStore();
    let refused = 0;
    const told = new Set<string>();
    for await (const { left, error } of refusals(damaged, errno, repair)) {
      if (error !== undefined) expect(error).toMatchObject({ code, exit: 74 });
      // Once there is a record of it, something may have changed.
      const says = error instanceof WalqError ? `${error.message} ${error.next}` : '';
      if (says.includes('the repair is not finished')) {
        expect(says).toContain(`walq wal repair ${dir} --undo`);
        expect(left.has(journalFile)).toBe(true);
        told.add('broken off');
      } else if (error !== undefined) {
        expect(filesOf(left)).toEqual(filesOf(damaged));
        if (errno === 'ENOSPC' && !left.has(journalFile))
          expect([...left.keys()].filter((path) => /quarantine.*(?<!tmp)$/.test(path))).toEqual([]);
        told.add('not begun');
      }
      refused += error === undefined ? 0 : 1;
      const again = await diskOf(left);
      await repair(again);
      expect((await verifyStore(again, dir)).verdict).toBe('clean');
      const back = await diskOf(left);
      await undoAll(back);
      expect(filesOf(imageOf(back.fs))).toEqual(filesOf(damaged));
    }
    expect([...told].sort()).toEqual(['broken off', 'not begun']);
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

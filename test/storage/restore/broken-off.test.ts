import { isDeepStrictEqual } from 'node:util';
import { expect, test } from 'vitest';
import { WalqError } from '../../../src/base/errors.ts';
import { undoRepair } from '../../../src/storage/repair-undo.ts';
import { applyRestore, planRestore } from '../../../src/storage/restore-in-place.ts';
import type { StorageEnv } from '../../../src/storage/types.ts';
import { dir, diskOf, type Image, imageOf, sampleStore } from '../damage/image.ts';
import { refusals } from '../repair/deaths.ts';
import { filesOf, journalFile } from '../repair/support.ts';

/** What a repair that the disk refuses half way says of itself. */

async function goBack(env: StorageEnv): Promise<void> {
  await applyRestore(env, dir, await planRestore(env, dir, { seq: 4 }));
}

const same = (one: Image, other: Image): boolean => isDeepStrictEqual(filesOf(one), filesOf(other));
const isTold = (error: unknown): boolean => error instanceof WalqError && error.next === undo.next;
const undo = { next: `walq wal repair ${dir} --undo` };

test('going back in place that breaks off says so and how it is taken back; before, it says nothing', async () => {
  const image = await sampleStore({ closed: true });
  const told = { before: 0, after: 0 };
  for await (const { left, error } of refusals(image, 'EACCES', goBack)) {
    if (same(left, image) && !isTold(error)) {
      told.before++;
    } else {
      expect(left.has(journalFile)).toBe(true);
      expect(error).toMatchObject({ ...undo, message: expect.stringMatching(/; the repair is not finished$/) });
      told.after++;
    }
  }
  expect(Math.min(told.before, told.after)).toBeGreaterThan(3);
});

test('so does its undo', async () => {
  const env = await diskOf(await sampleStore({ closed: true }));
  await goBack(env);
  const after = imageOf(env.fs);
  let told = 0;
  for await (const { left, error } of refusals(after, 'EACCES', (failing) => undoRepair(failing, dir))) {
    if (same(left, after)) continue;
    expect(error).toMatchObject({ ...undo, code: 'E_IO' });
    told++;
  }
  expect(told).toBeGreaterThan(3);
});

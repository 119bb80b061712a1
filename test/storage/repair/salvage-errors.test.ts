import { expect, test } from 'vitest';
import { verifyStore } from '../../../src/storage/read.ts';
import type { StorageEnv } from '../../../src/storage/types.ts';
import { tried } from '../../support/tried.ts';
import { diskOf } from '../damage/image.ts';
import { refusals } from './deaths.ts';
import { holed, intoPlace } from './salvage-place.ts';
import { to } from './salvage-support.ts';

const places = [
  ['a name that is free', async () => {}],
  ['an empty folder', ({ fs }: StorageEnv) => fs.mkdir(to)],
] as const;

for (const [errno, fault, code] of [
  ['EIO', 'write-error', 'E_IO'],
  ['ENOSPC', 'disk-full', 'E_NO_SPACE'],
] as const) {
  test.for(places)(
    `a salvage into %s that meets ${errno} leaves nothing, and the next is made`,
    async (place, context) => {
      const [, prepare] = place;
      let refused = 0;
      for await (const { left, error } of refusals(await holed(), errno, intoPlace, prepare)) {
        const env = await diskOf(left);
        if (error !== undefined) {
          refused++;
          expect(error).toMatchObject({ exit: 74, code: expect.stringMatching(`^${code}|E_SNAPSHOT_WRITE$`) });
          expect([...left.keys()].filter((path) => path.startsWith(to))).toEqual([]);
          await intoPlace(env);
        }
        expect((await verifyStore(env, to)).verdict).toBe('clean');
      }
      expect(refused).toBeGreaterThan(20);
      tried(context, fault, { 'salvage refused, nothing left': refused });
    },
  );
}

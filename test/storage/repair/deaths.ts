import { expect } from 'vitest';
import type { StorageEnv } from '../../../src/storage/types.ts';
import { crashStates } from '../../support/sim-crash.ts';
import type { SimFs } from '../../support/sim-fs.ts';
import { SimCrash } from '../../support/sim-ops.ts';
import { diskOf, type Image, imageOf } from '../damage/image.ts';

/** Every state in which a process that died at some call of `work` may have left the disk. */
export async function* deaths(
  image: Image,
  work: (env: StorageEnv & { fs: SimFs }) => Promise<unknown>,
): AsyncGenerator<Image> {
  for (let op = 1; ; op++) {
    const env = await diskOf(image);
    const from = env.fs.log.length;
    // Before the call: one that fails, as making a folder that is there, is no end but goes on.
    env.fs.dieAt(from + op, 'before');
    try {
      await work(env);
      expect(env.fs.log.length, 'it was let run to its end').toBeLessThanOrEqual(from + op);
      return;
    } catch (error) {
      if (!(error instanceof SimCrash)) throw error;
    }
    for (const { fs } of crashStates(env.fs)) yield imageOf(fs);
  }
}

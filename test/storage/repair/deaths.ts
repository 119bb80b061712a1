import { expect } from 'vitest';
import type { StorageEnv } from '../../../src/storage/types.ts';
import { crashStates } from '../../support/sim-crash.ts';
import type { SimFs } from '../../support/sim-fs.ts';
import { isChange, SimCrash } from '../../support/sim-ops.ts';
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

/** One disk for each change that `work` makes: that call fails. Answers what was left, and how the work ended. */
export async function* refusals(
  image: Image,
  errno: string,
  work: (env: StorageEnv & { fs: SimFs }) => Promise<unknown>,
  prepare: (env: StorageEnv & { fs: SimFs }) => Promise<unknown> = async () => {},
): AsyncGenerator<{ left: Image; error: unknown }> {
  for (let nth = 1; ; nth++) {
    const env = await diskOf(image);
    await prepare(env);
    env.fs.inject({ nth, errno, match: (op) => isChange(op.kind), sync: 'kept' });
    const error = await work(env).then(
      () => undefined,
      (failure: unknown) => failure,
    );
    if (!env.fs.log.some((op) => op.result === errno)) return;
    yield { left: imageOf(env.fs), error };
  }
}

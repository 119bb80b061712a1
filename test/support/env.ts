import type { StorageEnv } from '../../src/storage/types.ts';
import { FakeClock } from './fake-clock.ts';
import { seededRandom } from './seeded-random.ts';
import { SimFs } from './sim-fs.ts';

export interface SimEnv extends StorageEnv {
  fs: SimFs;
  clock: FakeClock;
}

/** A whole outside world for storage: simulated disk, clock that never makes a test wait, seeded randomness. */
export function simEnv(options: { fs?: SimFs; clock?: FakeClock; seed?: number } = {}): SimEnv {
  const clock = options.clock ?? new FakeClock({ auto: true });
  return { fs: options.fs ?? new SimFs(undefined, () => clock.now()), clock, random: seededRandom(options.seed ?? 1) };
}

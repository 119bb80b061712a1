import { expect } from 'vitest';
import { type ChildRun, type Injection, runInjected, type Work } from './child-run.ts';

export interface Case {
  run: ChildRun;
  /** Which call was hit, for messages. */
  what: string;
  dir: string;
}

/**
 * What copies and mends a store is tried at every call in memory, under the simulated file system; here each call costs
 * two processes. `npm run reliability` asks for all of them.
 */
const stride = process.env.WALQ_EVERY_CALL === '1' ? 1 : 3;
export const everyOther = stride === 1 ? 'every' : 'every third';

/** For one call of this name after the other a process in which it is hit, until none is left to hit. */
async function* everyCall(
  folder: string,
  hit: Omit<Injection, 'nth'>,
  work: Work = 'history',
  prepare?: (dir: string) => void,
  step = 1,
): AsyncGenerator<Case> {
  for (let nth = 1; ; nth += step) {
    const dir = `${folder}/${hit.call}-${hit.threads}-${nth}`;
    prepare?.(dir);
    const run = await runInjected(dir, work, { ...hit, nth }, `${dir}.log`);
    if (run.hits.length === 0) {
      expect(run.code, run.stderr).toBe(0);
      expect(nth, `no ${hit.call} was met`).toBeGreaterThan(1);
      return;
    }
    yield { run, dir, what: `${hit.what} at ${run.hits[0]?.trim()} during ${run.during}` };
  }
}

/** One of three, where not all are asked for. */
export const everyOtherCall = (
  folder: string,
  hit: Omit<Injection, 'nth'>,
  work: Work,
  prepare: (dir: string) => void,
) => everyCall(folder, hit, work, prepare, stride);

/** Calls of both threads; of writes then those of the main thread, because one of the other may have come before. */
export async function* everyChange(folder: string, what: string, call: string): AsyncGenerator<Case> {
  yield* everyCall(folder, { call, what, threads: 'all' });
  if (call === 'pwrite64') yield* everyCall(folder, { call, what, threads: 'main' });
}

export function count(counts: Record<string, number>, key: string): void {
  counts[key] = (counts[key] ?? 0) + 1;
}

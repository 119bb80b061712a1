import { expect } from 'vitest';
import { type ChildRun, callsOf, type Injection, runInjected, type Work } from './child-run.ts';

export interface Case {
  run: ChildRun;
  /** Which call was hit, for messages. */
  what: string;
  dir: string;
}

/**
 * What copies and mends a store is tried at every call in memory, under the simulated file system; here each call costs
 * a process or two. `npm run reliability` asks for all of them.
 */
const stride = process.env.WALQ_EVERY_CALL === '1' ? 1 : 3;
export const everyOther = stride === 1 ? 'every' : 'every third';

/** For one call of this name after the other a run in which it is hit. */
async function* everyCall(
  folder: string,
  hit: Omit<Injection, 'nth'>,
  work: Work = 'history',
  prepare?: (dir: string) => void,
  step = 1,
): AsyncGenerator<Case> {
  const copy = (nth: number): string => {
    const dir = `${folder}/${hit.call}-${hit.threads}-${nth}`;
    prepare?.(dir);
    return dir;
  };
  const calls = await callsOf(copy(0), work, hit);
  expect(calls, `no ${hit.call} was met`).toBeGreaterThan(0);
  for (let nth = 1; nth <= calls; nth += step) {
    const dir = copy(nth);
    const run = await runInjected(dir, work, { ...hit, nth });
    const what = `${hit.what} at ${run.hits[0]?.trim()} during ${run.during}`;
    expect(run.hits, what).not.toEqual([]);
    yield { run, dir, what };
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

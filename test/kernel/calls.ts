import { expect } from 'vitest';
import { type ChildRun, type Injection, runInjected, type Work } from './child-run.ts';

export interface Case {
  run: ChildRun;
  /** Which call was hit, for messages. */
  what: string;
  dir: string;
}

/** One process for each call of this name: the first is hit in the first, and so on until none is left to hit. */
export async function* everyCall(
  folder: string,
  hit: Omit<Injection, 'nth'>,
  work: Work = 'history',
  prepare?: (dir: string) => void,
): AsyncGenerator<Case> {
  for (let nth = 1; ; nth++) {
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

/** Calls of both threads; of writes then those of the main thread, because one of the other may have come before. */
export async function* everyChange(folder: string, what: string, call: string): AsyncGenerator<Case> {
  yield* everyCall(folder, { call, what, threads: 'all' });
  if (call === 'pwrite64') yield* everyCall(folder, { call, what, threads: 'main' });
}

export function count(counts: Record<string, number>, key: string): void {
  counts[key] = (counts[key] ?? 0) + 1;
}

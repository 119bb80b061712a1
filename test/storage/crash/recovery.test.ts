import { expect, test, vi } from 'vitest';
import { tried } from '../../support/tried.ts';
import { explore, startingStates } from './explore.ts';
import type { Outcome } from './oracle.ts';
import { Run } from './run.ts';
import { smallSegmentBytes, workloads } from './workloads.ts';

// Thousands of openings: seconds by themselves, more on a busy machine.
vi.setConfig({ testTimeout: 240_000 });

const store = { segmentBytes: smallSegmentBytes };

test.for([
  ['three appends and a batch', 14],
  ['appends that fill segments', 24],
  ['checkpoints that clean the log', 24],
] as const)(
  '%s: a crash inside the recovery, at every operation of it, is recovered from too',
  async ([name, most], context) => {
    const work = await workloads[name]();
    const known = new Map<string, Outcome | Error>();
    let points = 0;
    let states = 0;
    const broken: string[] = [];
    for (const { state, point } of startingStates(work.points, most)) {
      const run = new Run(state.fs, point, 55);
      await run.open(store);
      await run.store.close();
      const result = await explore(run.points, { store, known, crash: { fills: ['zero'], subsetsUpTo: 4 } });
      points += result.points;
      states += result.states;
      broken.push(...result.broken.map((line) => `${point.label} | ${state.label} | then ${line}`));
    }
    expect(broken).toEqual([]);
    expect(points).toBeGreaterThan(most * 3);
    tried(context, 'crash-in-recovery', { 'same result': states });
  },
);

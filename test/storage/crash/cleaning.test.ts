import { expect, test, vi } from 'vitest';
import { tried } from '../../support/tried.ts';
import { explore, triedCrashes } from './explore.ts';
import { smallSegmentBytes, type Workload, workloads } from './workloads.ts';

// Thousands of openings: seconds by themselves, more on a busy machine.
vi.setConfig({ testTimeout: 240_000 });

const names: Workload[] = ['checkpoints that clean the log', 'three checkpoints of which two are kept'];

test.for(names)('%s: every crash at every operation is recovered from', async (name, context) => {
  const run = await workloads[name]();
  const result = await explore(run.points, {
    store: { segmentBytes: smallSegmentBytes },
    crash: { fills: ['zero', 'garbage'], subsetsUpTo: 5 },
  });
  expect(result.broken).toEqual([]);
  expect(result.states).toBeGreaterThan(result.points);
  triedCrashes(context, result);
  tried(context, 'compact-killed', { 'nothing lost, whatever the crash left': result.states });
});

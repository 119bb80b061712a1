import { expect, test, vi } from 'vitest';
import { explore, triedCrashes } from './explore.ts';
import { smallSegmentBytes, type Workload, workloads } from './workloads.ts';

// Thousands of openings: seconds by themselves, more on a busy machine.
vi.setConfig({ testTimeout: 240_000 });

const names: Workload[] = [
  'three appends and a batch',
  'operations that share a sync',
  'operations of which one half is answered while the other is synced',
  'appends that fill segments',
  'appends with zeros ahead of the log',
  'segments that fill, with zeros ahead of the log',
  'a checkpoint between appends',
  'a checkpoint while appends go on',
  'an opening whose first frame begins in the last bytes of a sector',
  'three openings, one without a write',
];

test.for(names)('%s: every crash at every operation is recovered from', async (name, context) => {
  const run = await workloads[name]();
  const result = await explore(run.points, { store: { segmentBytes: smallSegmentBytes } });
  expect(result.broken).toEqual([]);
  expect(result.states).toBeGreaterThan(result.points);
  triedCrashes(context, result);
});

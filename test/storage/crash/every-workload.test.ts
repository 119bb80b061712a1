import { expect, test, vi } from 'vitest';
import { SimFs } from '../../support/sim-fs.ts';
import { imageAfterKill } from '../../support/sim-image.ts';
import { type Exploration, explore, triedCrashes } from './explore.ts';
import type { Outcome } from './oracle.ts';
import { Run } from './run.ts';
import { type Step, stepNames, stepOptions, steps } from './steps.ts';
import { emptyStore } from './workloads.ts';

// Thousands of openings: seconds by themselves, more on a busy machine.
vi.setConfig({ testTimeout: 240_000 });

/** Disks that were opened before: workloads that begin alike share them. */
const known = new Map<string, Outcome | Error>();

/** Explores what the last step of this workload adds to those before it. */
async function lastStep(workload: readonly Step[]): Promise<Exploration> {
  const run = await new Run(new SimFs(imageAfterKill((await emptyStore()).root))).open(stepOptions);
  let before = 0;
  for (const step of workload) {
    before = run.points.length;
    await steps[step](run);
  }
  await run.stop().store.close();
  const points = run.points.slice(before);
  return await explore(points, {
    store: stepOptions,
    known,
    crash: { fills: ['zero'], subsetsUpTo: 3, sectorsMax: 2 },
  });
}

test.for(stepNames)(
  'every workload of up to three steps that begins with %s survives each crash',
  async (first, context) => {
    const workloads: Step[][] = [[first]];
    for (const second of stepNames) {
      workloads.push([first, second]);
      for (const third of stepNames) workloads.push([first, second, third]);
    }
    for (const workload of workloads) {
      const result = await lastStep(workload);
      expect(result.broken, workload.join(', ')).toEqual([]);
      expect(result.refused).toBe(0);
      triedCrashes(context, result);
    }
    expect(workloads.length).toBe(1 + 7 + 49);
  },
);

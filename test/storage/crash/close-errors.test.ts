import { expect, test } from 'vitest';
import { tried } from '../../support/tried.ts';
import { openList } from './oracle.ts';
import { describeTrial, everyFault } from './trial.ts';
import { emptyStore } from './workloads.ts';

test('a close that fails is an I/O error, never a bug, and frees the lock all the same', async (context) => {
  let trials = 0;
  const store = await emptyStore();
  for await (const trial of everyFault(store, (op) => op.kind === 'close', { errno: 'EIO' })) {
    const reopened = await openList(trial.run.fs, 9);
    expect(reopened.machine.items.length, describeTrial(trial)).toBe(trial.run.acked);
    await reopened.close();
    trials++;
  }
  tried(context, 'write-error', { 'close fails, reopens': trials });
});

import { expect, test } from 'vitest';
import { openList } from './oracle.ts';
import { describeTrial, everyFault } from './trial.ts';
import { emptyStore } from './workloads.ts';

test('a close that fails is an I/O error, never a bug, and frees the lock all the same', async () => {
  const store = await emptyStore();
  for await (const trial of everyFault(store, (op) => op.kind === 'close', { errno: 'EIO' })) {
    const reopened = await openList(trial.run.fs, 9);
    expect(reopened.machine.items.length, describeTrial(trial)).toBe(trial.run.acked);
    await reopened.close();
  }
});

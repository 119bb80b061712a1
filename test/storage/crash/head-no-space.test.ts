import { expect, test } from 'vitest';
import { tried } from '../../support/tried.ts';
import { describeTrial, everyFault } from './trial.ts';
import { emptyStore } from './workloads.ts';

test('a full disk at the write of HEAD costs no acknowledged record and does not stop the writer', async (context) => {
  const store = await emptyStore();
  let trials = 0;
  const match = (op: { kind: string; path: string }): boolean => op.kind === 'write' && op.path.endsWith('/HEAD');
  for await (const trial of everyFault(store, match, { errno: 'ENOSPC' })) {
    trials++;
    expect(
      trial.results.filter(({ poisoned }) => poisoned),
      describeTrial(trial),
    ).toEqual([]);
  }
  expect(trials).toBeGreaterThan(5);
  tried(context, 'disk-full', { 'goes on': trials });
});

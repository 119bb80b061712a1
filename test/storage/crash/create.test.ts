import { expect, test } from 'vitest';
import { explore } from './explore.ts';
import { item, Run } from './run.ts';
import { emptyStore } from './workloads.ts';

test('a crash while a store is created leaves a store or nothing, and the next creation works', async () => {
  const run = await new Run().open();
  await run.append(item(1));
  await run.store.close();
  const result = await explore(run.points);
  expect(result.broken).toEqual([]);
  expect(result.states).toBeGreaterThan(50);
});

test('an empty store that was closed is found again after every crash', async () => {
  const run = await new Run(await emptyStore()).open();
  await run.store.close();
  expect((await explore(run.points)).broken).toEqual([]);
});

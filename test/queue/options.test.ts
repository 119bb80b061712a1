import { expect, test } from 'vitest';
import { enqueueDefaults } from '../../src/queue/events/event-types.ts';
import { sharedOptions } from '../../src/queue/state/options.ts';

test('jobs of one name that differ in their options in turn share one object for each', () => {
  const of = (priority: number) => sharedOptions({ ...enqueueDefaults, name: 'in turn', priority });
  const first = [0, 1, 2].map(of);
  expect(new Set(first).size).toBe(3);
  for (const priority of [2, 0, 1, 0]) expect(of(priority)).toBe(first[priority]);
  // Of very many the last ones are known.
  for (let priority = 0; priority < 100; priority++) of(priority);
  expect(of(99)).toBe(of(99));
  expect(of(0)).toEqual(first[0]);
});

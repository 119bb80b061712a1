import { expect, test } from 'vitest';
import { NewestOnly } from '../../../src/queue/process/newest-only.ts';

test('one value is on its way at a time, and of those that come meanwhile the newest follows', () => {
  const sent: number[] = [];
  let taken = (): void => {};
  const values = new NewestOnly<number>((value, done) => {
    sent.push(value);
    taken = done;
  });
  for (const value of [1, 2, 3]) values.put(value);
  expect(sent).toEqual([1]);
  taken();
  expect(sent).toEqual([1, 3]);
  // The one that waited is on its way like any other.
  for (const value of [4, 5]) values.put(value);
  expect(sent).toEqual([1, 3]);
  taken();
  expect(sent).toEqual([1, 3, 5]);
  taken();
  values.put(6);
  expect(sent).toEqual([1, 3, 5, 6]);
});

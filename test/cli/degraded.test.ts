import { expect, test } from 'vitest';
import { copyOf } from './fixture-copy.ts';
import { walq } from './run-walq.ts';

test.each([
  ['enqueue', 'x'],
  ['run', '--drain', '--exec', 'true'],
])('whoever writes to a store with a bad snapshot is told, and writes: %s', async (...args) => {
  const dir = copyOf('bad-snapshot');
  const { code, stderr } = await walq(['queue', ...args, '--store', dir]);
  const told = /^note: degraded, nothing is lost: snapshots\/\d+\.snap: .* \[E_SNAPSHOT_\w+\]; walq doctor /m;
  expect([code, stderr]).toEqual([0, expect.stringMatching(told)]);
});

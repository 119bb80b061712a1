import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { scratch, walq } from './run-walq.ts';

const fixture = fileURLToPath(new URL('../../fixtures/bad-snapshot', import.meta.url));

test.each([
  ['enqueue', 'x'],
  ['run', '--drain', '--exec', 'true'],
])('whoever writes to a store with a bad snapshot is told, and writes: %s', async (...args) => {
  const dir = join(scratch(), 'store');
  cpSync(fixture, dir, { recursive: true });
  const { code, stderr } = await walq(['queue', ...args, '--store', dir]);
  const told = /^note: degraded, nothing is lost: snapshots\/\d+\.snap: .* \[E_SNAPSHOT_\w+\]; walq doctor /m;
  expect([code, stderr]).toEqual([0, expect.stringMatching(told)]);
});

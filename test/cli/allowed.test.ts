import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { scratch, walq } from './run-walq.ts';

const clean = fileURLToPath(new URL('../../fixtures/clean', import.meta.url));

it.each([
  ['wal replay --until 5..10', /--until: '5\.\.10' is a range.*\n.*POINT/],
  ['wal inspect --type FOO', /allowed: ENQUEUE.*, LOST/],
  ['queue enqueue x --priority 99999999999999999999', /priority.*whole number from -\d+ to \d+/],
  ['queue list -n 99999999999999999999', /give a whole number, 0 to 9007199254740991/],
  ['queue enqueue x --at 9999-12-31', /at most 100 years from now/],
  ['queue retry a --name m', /--name and --group choose among the dead/],
  ['queue take --lease 0', /--lease: a lease of no time/],
  ['queue schedule add x --zone No/Where --cron @daily', /there is no such time zone/],
])('%s: the message says what is allowed', async (line, told) => {
  const store = join(scratch(), 'store');
  cpSync(clean, store, { recursive: true });
  const { code, stderr } = await walq(['--store', store, ...line.split(' ')]);
  expect(code).toBe(2);
  expect(stderr).toMatch(told);
});

import { join } from 'node:path';
import { expect, it } from 'vitest';
import { scratch, walq } from './run-walq.ts';

/** Every process of walq with this environment has the clock that `now` (JavaScript) makes of the real one. */
const clockOf = (now: string) => {
  const code = `const real = Date.now; Date.now = () => { const now = real(); return ${now}; }`;
  return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(code)}` };
};

it('status after a clock was set back says of what lies ahead that it does', async () => {
  const store = join(scratch(), 'store');
  await walq(['queue', 'enqueue', 'mail', '--store', store]);
  const { stdout } = await walq(['queue', 'status', '--store', store], { env: clockOf('now - 3_620_000') });
  expect(stdout).toMatch(/^opened {5}1h ahead of this clock by pid/m);
});

it('a clock before 1970 stops no queue', async () => {
  const store = join(scratch(), 'store');
  const env = clockOf('now - 80 * 365 * 86_400_000');
  expect(await walq(['queue', 'enqueue', '--id', 'a', '--store', store], { env })).toMatchObject({ code: 0 });
  expect(await walq(['queue', 'run', '--exec', 'true', '--drain', '--store', store], { env })).toMatchObject({
    code: 0,
  });
  expect(await walq(['snapshot', 'create', store], { env })).toMatchObject({ code: 0 });
  expect(await walq(['wal', 'verify', store, '--deep'])).toMatchObject({ code: 0 });
  const { stdout } = await walq(['queue', 'list', '-o', 'ndjson', '--store', store]);
  expect(stdout).toContain('"id":"a"');
  expect(stdout).toContain('"status":"completed"');
});

import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { scratch, walq } from './run-walq.ts';

const fixtures = fileURLToPath(new URL('../../fixtures', import.meta.url));
const clean = join(fixtures, 'clean');

test('stats counts events and jobs of a store, and how long they waited and ran', async () => {
  const { code, stdout } = await walq(['wal', 'stats', clean]);
  expect(code).toBe(0);
  const lines = stdout.split('\n');
  expect(lines[0]).toContain('38 events (seq 1..38)');
  expect(lines).toContain('live       2 unfinished jobs, whose events take 11.2% of the bytes');
  expect(lines.find((line) => line.startsWith('recovery'))).toContain(
    '7 events to replay after the snapshot of seq 31',
  );
  expect(lines).toContain('ENQUEUE\t12\t31.6%\t835\t70');
  expect(lines).toContain('mail\t4\t2\t1\t1\t527');
  expect(lines).toContain('begun to ended\t12\t255\t375\t375\t375');
});

test('stats of a range counts only that, and --json says it in numbers', async () => {
  const { code, stdout } = await walq(['wal', 'stats', clean, '5..14', '--json']);
  expect(code).toBe(0);
  const document = JSON.parse(stdout);
  expect(document).toMatchObject({ walq: 1, kind: 'wal.stats', events: 10, seqFirst: 5, seqLast: 14, exit: 0 });
  expect(document.replay).toBeUndefined();
  const counted = document.types.reduce((sum: number, { events }: { events: number }) => sum + events, 0);
  expect(counted).toBe(10);
});

test('stats of a damaged log counts what can be read, and exits as verify does', async () => {
  const { code, stdout, stderr } = await walq(['wal', 'stats', join(fixtures, 'bit-flip')]);
  expect(code).toBe(3);
  expect(stdout).toContain('37 events');
  expect(stderr).toContain('E_PAYLOAD');
});

test('stats of a log with a hole say that they are of a part, those of a range not how large the log is', async () => {
  const damaged = join(fixtures, 'missing-segment');
  const text = await walq(['wal', 'stats', damaged]);
  expect(text).toMatchObject({
    code: 3,
    stdout: expect.stringMatching(/^verdict {4}CORRUPT: all numbers here are of the part that can be read$/m),
  });
  expect(JSON.parse((await walq(['wal', 'stats', damaged, '--json'])).stdout)).toMatchObject({ whole: false });
  const range = await walq(['wal', 'stats', clean, '1..10']);
  expect(range.stdout).toMatch(/^log .*: 10 events \(seq 1\.\.10\), \d+ B of records\n/);
});

test('a range before the start of a log without events is refused, by stats and export as by inspect', async () => {
  const store = join(scratch(), 'store');
  cpSync(clean, store, { recursive: true });
  expect((await walq(['wal', 'compact', store, '--keep', '1'])).code).toBe(0);
  for (const command of ['stats', 'export', 'inspect']) {
    const { code, stderr } = await walq(['wal', command, store, '1..10']);
    expect({ command, code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining('[E_BEFORE_BASE]') });
  }
});

test('stats wants a log of ours', async () => {
  const { code, stderr } = await walq(['wal', 'stats', join(fixtures, 'raft-recovery', 'torn.log')]);
  expect(code).toBe(2);
  expect(stderr).toContain('E_WRONG_TARGET');
});

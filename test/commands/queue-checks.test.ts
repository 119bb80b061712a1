import { expect, test } from 'vitest';
import { parseCheck, runCheck } from '../../src/commands/queue/checks.ts';
import { statusOf } from '../../src/queue/run/status.ts';
import { QueueMachine } from '../../src/queue/state/machine.ts';

const now = 1_764_000_000_000;
const status = {
  ...statusOf(new QueueMachine(), { storeId: '', seqLast: 77, now: 0 }),
  counts: { pending: 6, in_flight: 2, completed: 10, dead: 3 },
  ready: 1,
  delayed: 2,
  blocked: 3,
  oldestReadyMs: 90_000,
};

test.each([
  ['dead==3', true, 3],
  ['dead == 0', false, 3],
  ['dead = 3', true, 3],
  ['dead!=0', true, 3],
  ['pending<6', false, 6],
  ['pending<=6', true, 6],
  ['in_flight>1', true, 2],
  ['processing >= 3', false, 2],
  ['completed==10', true, 10],
  ['jobs = 21', true, 21],
  ['ready==1', true, 1],
  ['delayed==2', true, 2],
  ['blocked==3', true, 3],
  ['oldest_ready<2m', true, 90_000],
  ['oldest_ready<1m30s', false, 90_000],
  ['seq > 76', true, 77],
  ['totals.enqueued = 0', true, 0],
  ['not runner', true, false],
])('%s is %s', (text, ok, value) => {
  const result = runCheck(parseCheck(text, now), status, now);
  expect(result).toMatchObject({ check: text, ok });
  expect(result.found).toMatchObject([{ value }]);
});

test('a check tells each value that it looks at, once, and which it could not have', () => {
  const check = parseCheck(' dead < 5 and (ready < 9 or snapshot_age < 1h) and dead != 4', now);
  expect(runCheck(check, status, now)).toEqual({
    check: 'dead < 5 and (ready < 9 or snapshot_age < 1h) and dead != 4',
    ok: true,
    found: [
      { name: 'dead', kind: 'number', value: 3 },
      { name: 'ready', kind: 'number', value: 1 },
      { name: 'snapshot_age', kind: 'duration' },
    ],
  });
});

test('a snapshot is as old as the time since it was written; without one no comparison holds', () => {
  const snapshot = { file: 's', seq: 70, createdMs: now - 60_000, bytes: 1 };
  expect(runCheck(parseCheck('snapshot_age = 1m and snapshot_seq = 70', now), { ...status, snapshot }, now).ok).toBe(
    true,
  );
  expect(runCheck(parseCheck('snapshot_age < 1h or snapshot_age >= 1h', now), status, now).ok).toBe(false);
});

test('no ready job is as young as can be', () => {
  const { oldestReadyMs: _none, ...idle } = status;
  const result = runCheck(parseCheck('oldest_ready<=0', now), idle, now);
  expect(result).toMatchObject({ ok: true, found: [{ value: 0 }] });
});

test.each([
  'dead',
  'dead===0',
  'deads==0',
  'dead==x',
  'oldest_ready<5',
  'dead==0;ready==0',
  'constructor==0',
  '',
  'process.exit()==0',
])("'%s' is no check: usage, and nothing is evaluated", (text) => {
  expect(() => parseCheck(text, now)).toThrow(expect.objectContaining({ exit: 2, code: 'E_WHERE' }));
});

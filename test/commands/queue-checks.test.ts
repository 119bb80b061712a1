import { expect, test } from 'vitest';
import { parseCheck, runCheck } from '../../src/commands/queue/checks.ts';
import { statusOf } from '../../src/queue/run/status.ts';
import { QueueMachine } from '../../src/queue/state/machine.ts';

const status = {
  ...statusOf(new QueueMachine(), { storeId: '', seqLast: 0, now: 0 }),
  counts: { pending: 6, in_flight: 2, completed: 10, dead: 3 },
  ready: 1,
  delayed: 2,
  blocked: 3,
  oldestReadyMs: 90_000,
};

test.each([
  ['dead==3', true, 3],
  ['dead == 0', false, 3],
  ['dead!=0', true, 3],
  ['pending<6', false, 6],
  ['pending<=6', true, 6],
  ['in_flight>1', true, 2],
  ['in_flight>=3', false, 2],
  ['completed==10', true, 10],
  ['ready==1', true, 1],
  ['delayed==2', true, 2],
  ['blocked==3', true, 3],
  ['oldest_ready<2m', true, 90_000],
  ['oldest_ready<1m30s', false, 90_000],
])('%s is %s', (text, ok, actual) => {
  expect(runCheck(parseCheck(text), status)).toEqual({ check: text, ok, actual });
});

test('no ready job is as young as can be', () => {
  const { oldestReadyMs: _none, ...idle } = status;
  expect(runCheck(parseCheck('oldest_ready<=0'), idle)).toMatchObject({ ok: true, actual: 0 });
});

test.each([
  'dead',
  'dead=0',
  'dead===0',
  'deads==0',
  'dead==x',
  'dead==1.5',
  'dead==-1',
  'oldest_ready<5',
  'dead==0;ready==0',
  'constructor==0',
  '',
  'process.exit()==0',
])("'%s' is no check: usage, and nothing is evaluated", (text) => {
  expect(() => parseCheck(text)).toThrow(expect.objectContaining({ exit: 2 }));
});

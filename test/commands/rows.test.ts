import { expect, test } from 'vitest';
import { rowJson, rowOfRecord, rowText } from '../../src/commands/event-row.ts';
import { jobDocument, rowOfJob } from '../../src/commands/job-row.ts';
import { enqueueDefaults, type QueueEvent } from '../../src/queue/events/event-types.ts';
import { encodeEvent } from '../../src/queue/events/events.ts';
import type { InFlightJob } from '../../src/queue/state/job.ts';

const at = 1_764_000_000_000;
const job = { id: 'job_1', at };
const queue = { id: '', at };
const nightly = {
  type: 'SCHEDULE',
  id: 'nightly',
  at,
  rule: { kind: 'cron', cron: '0 3 * * *', zone: 'Europe/Berlin' },
  missed: 'one',
  template: { ...enqueueDefaults, name: 'backup', payload: Buffer.from('{"a":1}') },
  expiresAfterMs: 0,
} as const;

function rowOf(event: QueueEvent) {
  return rowOfRecord({ seq: 5, bytes: encodeEvent(event), file: 'f', offset: 9, afterHole: false });
}

/** Without what every row has. */
function membersOf(event: QueueEvent): unknown {
  const {
    seq: _seq,
    type: _type,
    timeMs: _timeMs,
    file: _file,
    offset: _offset,
    ...rest
  } = JSON.parse(rowJson(rowOf(event)));
  return rest;
}

test.each<[QueueEvent, string]>([
  [{ type: 'CANCEL', ...job }, 'CANCEL job_1'],
  [{ type: 'CANCEL', ...job, error: 'not needed' }, 'CANCEL job_1  error="not needed"'],
  [{ type: 'UPDATE', ...job, priority: 5 }, 'UPDATE job_1  priority=5'],
  [{ type: 'UPDATE', ...job, group: '' }, 'UPDATE job_1  group=""'],
  [{ type: 'REMOVE', ...job }, 'REMOVE job_1'],
  [{ type: 'EXTEND', ...job, deadlineMs: at + 1000 }, 'EXTEND job_1  until=2025-11-24T16:00:01.000Z'],
  [{ type: 'PAUSE', ...queue }, 'PAUSE'],
  [{ type: 'PAUSE', ...queue, group: 'mail', reason: 'too many' }, 'PAUSE  group=mail reason="too many"'],
  [{ type: 'RESUME', ...queue, name: 'send' }, 'RESUME  name=send'],
  [nightly, 'SCHEDULE nightly  cron="0 3 * * *" zone=Europe/Berlin name=backup payload={"a":1}'],
  [
    { ...nightly, rule: { kind: 'every', everyMs: 90_000 }, missed: 'all', template: enqueueDefaults },
    'SCHEDULE nightly  every=1m30s missed=all',
  ],
  [{ type: 'UNSCHEDULE', id: 'nightly', at }, 'UNSCHEDULE nightly'],
  [
    { type: 'LIMIT', ...queue, group: 'mail', concurrency: 2, rate: { count: 10, perMs: 1000 } },
    'LIMIT  group=mail concurrency=2 rate=10/1s',
  ],
  [
    { type: 'LIMIT', ...queue, group: '', rate: { count: 0, perMs: 1 }, keepMs: 86_400_000, keepCount: 0 },
    'LIMIT  rate=none keep=1d keep_count=none',
  ],
])('the text form of %o', (event, text) => {
  expect(rowText(rowOf(event))).toBe(`[seq=5] ${text}`);
});

test('a schedule is no job in JSON: the two have different name spaces', () => {
  const template = { name: 'backup', maxAttempts: 3, backoff: enqueueDefaults.backoff, payload: { a: 1 } };
  expect(membersOf(nightly)).toEqual({
    schedule: 'nightly',
    cron: '0 3 * * *',
    zone: 'Europe/Berlin',
    missed: 'one',
    ...template,
  });
  expect(membersOf({ type: 'UNSCHEDULE', id: 'nightly', at })).toEqual({ schedule: 'nightly' });
  const slot = { schedule: 'nightly', at: 7 };
  expect(membersOf({ type: 'ENQUEUE', ...job, runAt: at, ...nightly.template, slot })).toEqual({
    job: 'job_1',
    schedule: 'nightly',
    slot: 7,
    ...template,
  });
});

test('members of JSON are numbers and lists as they were given, and what was not given is not there', () => {
  const enqueue = { type: 'ENQUEUE', ...job, runAt: at, ...enqueueDefaults } as const;
  expect(
    membersOf({ ...enqueue, group: 'mail', key: 'k', keyUntil: at + 1, parents: ['a', 'b'], expiresAt: at + 2 }),
  ).toMatchObject({ group: 'mail', key: 'k', keyUntil: at + 1, parents: ['a', 'b'], expiresAt: at + 2 });
  expect(membersOf({ type: 'UPDATE', ...job, priority: 0, timeoutMs: 0, group: '' })).toEqual({
    job: 'job_1',
    priority: 0,
    timeoutMs: 0,
    group: '',
  });
  expect(membersOf({ type: 'EXTEND', ...job, deadlineMs: at + 1 })).toEqual({ job: 'job_1', leaseUntil: at + 1 });
  expect(membersOf({ type: 'PAUSE', ...queue, group: 'g', reason: 'r' })).toEqual({ group: 'g', reason: 'r' });
  expect(membersOf({ type: 'LIMIT', ...queue, group: '', rate: { count: 0, perMs: 1 }, pendingMax: 0 })).toEqual({
    rateCount: 0,
    ratePerMs: 1,
    pendingMax: 0,
  });
});

test('a job tells what few jobs have, and nothing about it when it has none', () => {
  const plain: InFlightJob = {
    state: 'in_flight',
    id: 'job_1',
    seq: 1,
    options: { ...enqueueDefaults, command: undefined },
    payload: undefined,
    createdAt: at,
    from: undefined,
    attempt: 1,
    crashes: 0,
    setback: undefined,
    special: undefined,
    dispatchSeq: 2,
    startedAt: at,
    owner: { kind: 'runner', epoch: 1 },
    deadlineMs: undefined,
    cancelledAt: undefined,
  };
  const special = {
    key: 'k',
    keyUntil: at + 1,
    parents: ['a', 'b'],
    waitingFor: ['b'],
    expiresAt: at + 2,
    slot: { schedule: 'nightly', at: 7 },
  };
  const shown = jobDocument(
    rowOfJob({ ...plain, options: { ...plain.options, group: 'mail' }, special, cancelledAt: at + 3 }),
  );
  const rare = {
    group: 'mail',
    key: 'k',
    keyUntilMs: at + 1,
    parents: ['a', 'b'],
    waitingFor: ['b'],
    expiresAtMs: at + 2,
    schedule: 'nightly',
    slotMs: 7,
    cancelledMs: at + 3,
  };
  expect(shown).toMatchObject(rare);
  const bare = jobDocument(rowOfJob(plain));
  for (const name of Object.keys(rare)) expect(bare[name]).toBeUndefined();
});

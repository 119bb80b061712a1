import { expect, test } from 'vitest';
import { stringify } from '../../src/commands/json-text.ts';
import { exportedJob } from '../../src/commands/queue/export.ts';
import { type JobSelection, selectJobs } from '../../src/commands/queue/select-jobs.ts';
import { parseJobSpec } from '../../src/queue/ops/parse-spec.ts';
import { ack, at, dead, dispatch, enqueue, machineOf } from '../queue/support/machines.ts';

const machine = machineOf(
  enqueue('a', { name: 'mail', priority: 1, runAt: at + 300 }),
  enqueue('b', { name: 'mail', group: 'eu', runAt: at + 100 }),
  enqueue('ba', { priority: 5, key: 'k' }),
  enqueue('c'),
  enqueue('d'),
  dispatch('c'),
  { ...ack('c'), at: at + 50 },
  dispatch('d'),
  { ...dead('d'), at: at + 20 },
);
const context = { now: at + 1, settings: machine.settings, runner: undefined };

function ids(selection: Partial<JobSelection> = {}): string {
  const jobs = selectJobs(machine.jobs(), { sort: 'created', reverse: false, ...selection }, context);
  return [...jobs].map((job) => job.id).join(' ');
}

test('jobs come in the order of ENQUEUE, or in another one, each also backward', () => {
  expect(ids()).toBe('a b ba c d');
  expect(ids({ reverse: true })).toBe('d c ba b a');
  expect(ids({ sort: 'priority' })).toBe('ba a b c d');
  expect(ids({ sort: 'due' })).toBe('ba b a c d');
  expect(ids({ sort: 'changed' })).toBe('a b ba d c');
  expect(ids({ sort: 'changed', reverse: true })).toBe('c d ba b a');
});

test('filters must all pass; a limit counts what passes', () => {
  expect(ids({ states: ['pending'] })).toBe('a b ba');
  expect(ids({ states: ['dead', 'completed'] })).toBe('c d');
  expect(ids({ phases: ['scheduled'] })).toBe('a b');
  expect(ids({ phases: ['ready', 'dead'] })).toBe('ba d');
  expect(ids({ names: ['mail'], groups: ['eu'] })).toBe('b');
  expect(ids({ keys: ['k'] })).toBe('ba');
  expect(ids({ idPrefix: 'b' })).toBe('b ba');
  expect(ids({ states: ['pending'], limit: 2, reverse: true })).toBe('ba b');
  expect(ids({ limit: 0 })).toBe('');
});

test('no more is read than a limit needs', () => {
  let read = 0;
  function* counting() {
    for (const job of machine.jobs()) {
      read++;
      yield job;
    }
  }
  expect([...selectJobs(counting(), { sort: 'created', reverse: false, limit: 1 }, context)]).toHaveLength(1);
  expect(read).toBeLessThanOrEqual(2);
});

test('an exported job says what enqueue takes, and its payload to the letter', () => {
  const payload = '{"n":9007199254740993,"z":1e400,"a":[]}';
  const options = { name: 'mail', priority: -2, maxAttempts: 7, timeoutMs: 1500, backoff: 'fixed:10s' };
  const machine = machineOf(enqueue('x', { ...options, payload: Buffer.from(payload), runAt: at + 60_000 }));
  const job = machine.get('x');
  if (job === undefined) throw new Error('no job');
  const line = stringify(exportedJob(job, at));
  expect(line).toContain(`"payload":${payload}`);
  const { was: _was, state: _state, ...keys } = JSON.parse(line);
  expect(Object.keys(keys)).toEqual(['id', 'name', 'payload', 'priority', 'attempts', 'timeout_ms', 'backoff', 'at']);
  expect(parseJobSpec(line)).toEqual({
    id: 'x',
    name: 'mail',
    payload,
    priority: -2,
    attempts: 7,
    timeoutMs: 1500,
    backoff: 'fixed:10s',
    runAt: at + 60_000,
  });
});

test('an exported job keeps what still binds it, and only that', () => {
  const machine = machineOf(
    enqueue('p1'),
    enqueue('p2'),
    enqueue('child', { parents: ['p1', 'p2'], key: 'k', keyUntil: at + 5000, expiresAt: at + 9000, group: 'g' }),
    enqueue('done', { key: 'other' }),
    dispatch('p1'),
    ack('p1'),
    dispatch('done'),
    ack('done'),
  );
  const exported = (id: string) => {
    const job = machine.get(id);
    return JSON.parse(stringify(job && exportedJob(job, at + 1000)));
  };
  expect(exported('child')).toMatchObject({
    after: ['p2'],
    key: 'k',
    key_ttl: '4s',
    expire: '8s',
    group: 'g',
    state: 'pending',
    was: { parents: ['p1', 'p2'] },
  });
  expect(exported('done')).not.toHaveProperty('key');
  expect(exported('done')).toMatchObject({ state: 'completed', was: { key: 'other' } });
});

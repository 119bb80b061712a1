import { describe, expect, test } from 'vitest';
import type { QueueEvent } from '../../src/queue/events/event-types.ts';
import { statusOf } from '../../src/queue/run/status.ts';
import type { QueueMachine } from '../../src/queue/state/machine.ts';
import { type KnownRunner, phaseOf } from '../../src/queue/state/phase.ts';
import { ack, at, dead, dispatch, enqueue, machineOf, retry, timeout } from './support/machines.ts';

const later = at + 60_000;

function phase(machine: QueueMachine, now = at + 1, runner?: KnownRunner, id = 'j') {
  const job = machine.get(id);
  if (job === undefined) throw new Error(`no job ${id}`);
  return phaseOf(job, { now, settings: machine.settings, runner });
}

const pause = (scope: { name?: string; group?: string } = {}): QueueEvent => ({ type: 'PAUSE', id: '', at, ...scope });
const lease: QueueEvent = {
  type: 'DISPATCH',
  id: 'j',
  at,
  attempt: 1,
  owner: { kind: 'lease', token: 't'.repeat(16), deadlineMs: later },
};

describe('a pending job', () => {
  test('is ready when nothing stands in its way', () => {
    expect(phase(machineOf(enqueue('j')))).toEqual({ kind: 'ready' });
  });

  test('is scheduled until its time, and retrying when it waits after a failure', () => {
    const delayed = machineOf(enqueue('j', { runAt: later }));
    expect(phase(delayed)).toEqual({ kind: 'scheduled', runAt: later });
    expect(phase(delayed, later)).toEqual({ kind: 'ready' });
    const failed = machineOf(enqueue('j'), dispatch('j'), retry('j', { runAt: later, reason: 'timeout' }));
    expect(phase(failed)).toEqual({ kind: 'retrying', runAt: later, reason: 'timeout' });
    expect(phase(failed, later)).toEqual({ kind: 'ready' });
  });

  test('that was to run at once is ready whatever a clock that stepped back says', () => {
    expect(phase(machineOf(enqueue('j')), at - 3_600_000)).toEqual({ kind: 'ready' });
  });

  test('is blocked by the parents that have not completed, whatever its time', () => {
    const machine = machineOf(
      enqueue('a'),
      enqueue('b'),
      enqueue('j', { parents: ['a', 'b'], runAt: later }),
      dispatch('a'),
      ack('a'),
    );
    expect(phase(machine)).toEqual({ kind: 'blocked', parents: ['b'] });
  });

  test('is paused by the widest pause that holds it, once it could run', () => {
    const by = (...pauses: QueueEvent[]) =>
      phase(machineOf(enqueue('j', { name: 'mail', group: 'eu' }), enqueue('k', { runAt: later }), ...pauses));
    expect(by(pause({ group: 'us' }))).toEqual({ kind: 'ready' });
    expect(by(pause({ group: 'eu' }))).toMatchObject({ kind: 'paused', pause: { group: 'eu' } });
    expect(by(pause({ group: 'eu' }), pause({ name: 'mail' }))).toMatchObject({ pause: { name: 'mail' } });
    expect(by(pause({ name: 'mail' }), pause())).toMatchObject({ kind: 'paused', pause: { at } });
    expect(phase(machineOf(enqueue('j', { runAt: later }), pause()))).toMatchObject({ kind: 'scheduled' });
  });

  test('is expired once nobody has begun it in time, even while others hold it back', () => {
    const machine = machineOf(enqueue('a'), enqueue('j', { parents: ['a'], expiresAt: later }));
    expect(phase(machine)).toMatchObject({ kind: 'blocked' });
    expect(phase(machine, later)).toEqual({ kind: 'expired', at: later });
  });

  test('has no handler while the runner that lives takes other jobs', () => {
    const own = machineOf(enqueue('j', { command: ['true'] }));
    expect(phase(own, at, { lanes: ['handler'] })).toEqual({ kind: 'no-handler', lane: 'command' });
    expect(phase(own, at, { lanes: ['command'] })).toEqual({ kind: 'ready' });
    expect(phase(own), 'nobody says no').toEqual({ kind: 'ready' });
    const mail = machineOf(enqueue('j', { name: 'mail' }));
    expect(phase(mail, at, { lanes: ['handler'], names: ['report'] })).toEqual({ kind: 'no-handler', lane: 'handler' });
    expect(phase(mail, at, { lanes: ['handler'], names: ['mail'] })).toEqual({ kind: 'ready' });
  });
});

describe('a job in flight', () => {
  const taken = machineOf(enqueue('j'), dispatch('j'));

  test('runs at the runner that lives, and is orphaned when that is gone or another one', () => {
    expect(phase(taken, at, { epoch: 1 })).toEqual({ kind: 'running', runner: 1 });
    expect(phase(taken, at, { epoch: 2 })).toEqual({ kind: 'orphaned', runner: 1 });
    expect(phase(taken)).toEqual({ kind: 'orphaned', runner: 1 });
  });

  test('is given the benefit of the doubt at a runner that does not answer', () => {
    expect(phase(taken, at, {})).toEqual({ kind: 'running', runner: 1 });
  });

  test('is cancelling until its process is over', () => {
    const machine = machineOf(enqueue('j'), dispatch('j'), { type: 'CANCEL', id: 'j', at });
    expect(phase(machine, at, { epoch: 1 })).toEqual({ kind: 'cancelling', since: at });
    expect(phase(machine)).toMatchObject({ kind: 'orphaned' });
  });

  test('is leased to a holder outside, with or without a runner', () => {
    const machine = machineOf(enqueue('j'), lease);
    const expected = { kind: 'leased', token: 't'.repeat(16), until: later };
    expect(phase(machine)).toEqual(expected);
    expect(phase(machine, at, { epoch: 9 })).toEqual(expected);
  });
});

test('a finished job is completed, or dead for a reason', () => {
  expect(phase(machineOf(enqueue('j'), dispatch('j'), ack('j')))).toEqual({ kind: 'completed' });
  expect(phase(machineOf(enqueue('j'), dispatch('j'), dead('j')))).toEqual({ kind: 'dead', reason: 'attempts' });
});

describe('status', () => {
  const facts = { storeId: '', seqLast: 9, now: at + 10_000 };

  test('counts every job in exactly one phase, and the phases of a state add up to it', () => {
    const machine = machineOf(
      enqueue('ready'),
      enqueue('later', { runAt: later }),
      enqueue('child', { parents: ['ready'] }),
      enqueue('held', { name: 'held' }),
      enqueue('retrying'),
      dispatch('retrying'),
      retry('retrying', { runAt: later + 1 }),
      enqueue('orphan'),
      dispatch('orphan'),
      enqueue('done'),
      dispatch('done'),
      ack('done'),
      enqueue('dead'),
      dispatch('dead'),
      timeout('dead'),
      dead('dead'),
      pause({ name: 'held' }),
    );
    const { phases, counts, ready, delayed, blocked, nextDueAt, oldestReadyMs } = statusOf(machine, facts);
    expect(phases).toEqual({
      ready: 1,
      scheduled: 1,
      retrying: 1,
      blocked: 1,
      paused: 1,
      'no-handler': 0,
      expired: 0,
      running: 0,
      leased: 0,
      cancelling: 0,
      orphaned: 1,
      completed: 1,
      dead: 1,
    });
    expect(counts).toEqual({ pending: 5, in_flight: 1, completed: 1, dead: 1 });
    expect({ ready, delayed, blocked, nextDueAt, oldestReadyMs }).toEqual({
      ready: 1,
      delayed: 2,
      blocked: 1,
      nextDueAt: later,
      oldestReadyMs: 10_000,
    });
  });

  test('tells of pauses, limits and schedules, of each no more than an answer can hold', () => {
    const limits = Array.from({ length: 120 }, (_, n): QueueEvent => {
      return { type: 'LIMIT', id: '', at, group: `g${String(n).padStart(3, '0')}`, concurrency: n + 1 };
    });
    const { settings } = statusOf(machineOf(pause(), ...limits), facts);
    expect(settings.pauses).toEqual([{ at, reason: undefined }]);
    expect(settings.limits).toHaveLength(100);
    expect(settings.more).toEqual({ pauses: 0, limits: 20, schedules: 0 });
  });

  test('says when each schedule fires next', () => {
    const schedule: QueueEvent = {
      type: 'SCHEDULE',
      id: 'hourly',
      at,
      rule: { kind: 'every', everyMs: 3_600_000 },
      missed: 'one',
      template: { name: 'report', priority: 0, maxAttempts: 3, timeoutMs: 0, backoff: 'none', group: '' },
      expiresAfterMs: 0,
    };
    expect(statusOf(machineOf(schedule), facts).settings.schedules).toEqual([
      { id: 'hourly', rule: schedule.rule, missed: 'one', name: 'report', nextSlot: at + 3_600_000 },
    ]);
  });
});

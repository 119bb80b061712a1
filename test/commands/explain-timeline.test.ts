import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Told } from '../../src/commands/explain/life.ts';
import type { TimeSpent } from '../../src/commands/explain/time-spent.ts';
import { timelineOf } from '../../src/commands/explain/timeline.ts';
import type { QueueEvent } from '../../src/queue/events/event-types.ts';
import { encodeEvent } from '../../src/queue/events/events.ts';
import { QueueMachine } from '../../src/queue/state/machine.ts';
import { ack, at, dead, dispatch, enqueue, machineOf, retry, timeout } from '../queue/support/machines.ts';

const later = <T extends QueueEvent>(event: T, ms: number): T => ({ ...event, at: at + ms });
const retryAt = (ms: number, runAt: number) => later(retry('j', { runAt: at + runAt, exitCode: 1 }), ms);
const pause = (ms: number, scope: { name?: string; group?: string } = {}): QueueEvent =>
  later({ type: 'PAUSE', id: '', at, ...scope }, ms);
const resume = (ms: number, scope: { name?: string; group?: string } = {}): QueueEvent =>
  later({ type: 'RESUME', id: '', at, ...scope }, ms);

function toldBy(events: readonly QueueEvent[]): Told[] {
  return events.map((event, index) => ({
    seq: index + 1,
    event,
    of: event.id === 'j' ? 'job' : event.type === 'PAUSE' || event.type === 'RESUME' ? 'pause' : 'parent',
  }));
}

/** Of job j: where its time went, ms, members that are 0 left out. `now` is ms after the first event. */
function spent(now: number, events: readonly QueueEvent[], told = toldBy(events)): Partial<TimeSpent> {
  const job = machineOf(...events).get('j');
  const { spent } = timelineOf(told, job, at + now);
  return Object.fromEntries(Object.entries(spent).filter(([, ms]) => ms !== 0));
}

describe('the time of a job', () => {
  test('goes into waiting for a worker and into the attempt', () => {
    const events = [enqueue('j'), later(dispatch('j'), 30), later(ack('j'), 100)];
    expect(spent(999, events)).toEqual({ readyMs: 30, inFlightMs: 70, totalMs: 100 });
  });

  test('goes on until now while the job does', () => {
    expect(spent(50, [enqueue('j')])).toEqual({ readyMs: 50, totalMs: 50 });
    expect(spent(50, [enqueue('j'), later(dispatch('j'), 20)])).toEqual({ readyMs: 20, inFlightMs: 30, totalMs: 50 });
  });

  test('ends with the CANCEL of a lease, and of a runner with what that says', () => {
    const owner = { kind: 'lease', token: 't', deadlineMs: at + 999 } as const;
    const cancel = later({ type: 'CANCEL', id: 'j', at }, 40);
    const leased = [enqueue('j'), later({ ...dispatch('j'), owner } as QueueEvent, 30), cancel];
    expect(spent(99, leased)).toEqual({ readyMs: 30, inFlightMs: 10, totalMs: 40 });
    const run = [enqueue('j'), later(dispatch('j'), 30), cancel];
    expect(spent(99, run)).toEqual({ readyMs: 30, inFlightMs: 69, totalMs: 99 });
    expect(spent(99, [...run, later(dead('j'), 60)])).toEqual({ readyMs: 30, inFlightMs: 30, totalMs: 60 });
  });

  test('is its own until its time comes, and a retry until that one', () => {
    expect(spent(50, [enqueue('j', { runAt: at + 40 })])).toEqual({ delayedMs: 40, readyMs: 10, totalMs: 50 });
    const events = [enqueue('j'), dispatch('j'), retryAt(10, 40), later(dispatch('j', 2), 45), later(ack('j'), 50)];
    expect(spent(99, events)).toEqual({ inFlightMs: 15, backoffMs: 30, readyMs: 5, totalMs: 50 });
    const timed = [enqueue('j'), dispatch('j'), later(timeout('j'), 10), retryAt(10, 40)];
    expect(spent(20, timed)).toEqual({ inFlightMs: 10, backoffMs: 10, totalMs: 20 });
  });

  test('is that of its parents while they have not completed', () => {
    const events = [
      enqueue('p'),
      enqueue('j', { parents: ['p'], runAt: at + 5 }),
      later(dispatch('p'), 10),
      later(ack('p'), 30),
    ];
    const told = toldBy(events).filter(({ event, of }) => of === 'job' || event.type === 'ACK');
    expect(spent(20, events.slice(0, 3), told.slice(0, 1))).toEqual({ blockedMs: 20, totalMs: 20 });
    expect(spent(50, events, told)).toEqual({ blockedMs: 30, readyMs: 20, totalMs: 50 });
  });

  test('is that of its parents also while somebody changes when it is to run', () => {
    const events: QueueEvent[] = [
      enqueue('p'),
      enqueue('j', { parents: ['p'] }),
      later({ type: 'UPDATE', id: 'j', at, runAt: at + 60 }, 20),
      later(dispatch('p'), 20),
      later(ack('p'), 30),
      later({ type: 'UPDATE', id: 'j', at, runAt: at + 50 }, 40),
    ];
    const told = toldBy(events).filter(({ event, of }) => of === 'job' || event.type === 'ACK');
    expect(spent(70, events, told)).toEqual({ blockedMs: 30, delayedMs: 20, readyMs: 20, totalMs: 70 });
  });

  test('is that of its runner until it has ended what was cancelled', () => {
    const events: QueueEvent[] = [
      enqueue('j'),
      later(dispatch('j'), 5),
      later({ type: 'CANCEL', id: 'j', at }, 10),
      later({ type: 'DEAD', id: 'j', at, reason: 'cancelled' }, 20),
    ];
    expect(spent(99, events)).toEqual({ readyMs: 5, inFlightMs: 15, totalMs: 20 });
  });

  test('is that of its death until somebody calls it back', () => {
    const events = [enqueue('j'), later(dispatch('j'), 5), later(dead('j'), 10), retryAt(40, 40)];
    expect(spent(50, events)).toEqual({ readyMs: 15, inFlightMs: 5, deadMs: 30, totalMs: 50 });
    expect(spent(50, events.slice(0, 3))).toEqual({ readyMs: 5, inFlightMs: 5, totalMs: 10 });
    const cancelled: QueueEvent[] = [enqueue('j'), later({ type: 'CANCEL', id: 'j', at }, 10), retryAt(40, 40)];
    expect(spent(50, cancelled)).toEqual({ readyMs: 20, deadMs: 30, totalMs: 50 });
    // It was called back before, and died again: how is missing.
    const lost = [...events, later(dispatch('j', 2), 60), later(dead('j'), 70), retryAt(90, 90)];
    expect(spent(90, lost, toldBy(lost).slice(0, 3))).toEqual({ readyMs: 5, inFlightMs: 5, untoldMs: 80, totalMs: 90 });
  });

  test('ends when the job is removed, and so does its story', () => {
    const removed: QueueEvent = later({ type: 'REMOVE', id: 'j', at }, 20);
    const told = toldBy([enqueue('j'), removed, pause(30), resume(40)]);
    const { spent, steps } = timelineOf(told, undefined, at + 99);
    expect(spent).toMatchObject({ readyMs: 20, untoldMs: 0, totalMs: 20 });
    expect(steps.map(({ type }) => type)).toEqual(['ENQUEUE', 'REMOVE']);
    const dying = toldBy([enqueue('j'), later(dead('j'), 5), removed]);
    expect(timelineOf(dying, undefined, at + 99).spent).toMatchObject({ readyMs: 5, untoldMs: 0, totalMs: 5 });
  });

  test('is not told where a part of the log is missing, up to what the state knows', () => {
    const events = [enqueue('j'), later(dispatch('j'), 10), retryAt(30, 100)];
    expect(spent(130, events, toldBy(events).slice(0, 1))).toEqual({
      backoffMs: 70,
      readyMs: 30,
      untoldMs: 30,
      totalMs: 130,
    });
  });

  test('is paused only where a pause held it and nothing else did', () => {
    const job = enqueue('j', { name: 'mail', group: 'eu', runAt: at + 10 });
    const events = [
      job,
      pause(5, { name: 'mail' }),
      pause(20),
      resume(30, { name: 'mail' }),
      resume(40),
      pause(45, { group: 'us' }),
    ];
    expect(spent(50, events)).toEqual({ delayedMs: 10, pausedMs: 30, readyMs: 10, totalMs: 50 });
    expect(spent(15, events.slice(0, 2))).toEqual({ delayedMs: 10, pausedMs: 5, totalMs: 15 });
  });

  test('before the log begins is not told, and what the state knows is', () => {
    const events = [
      enqueue('j'),
      later(dispatch('j'), 10),
      retryAt(30, 100),
      later(dispatch('j', 2), 110),
      later(ack('j'), 150),
    ];
    const from = (first: number, count = events.length) =>
      spent(200, events.slice(0, count), toldBy(events).slice(first, count));
    expect(from(0)).toEqual({ readyMs: 20, inFlightMs: 60, backoffMs: 70, totalMs: 150 });
    expect(from(2)).toEqual({ readyMs: 10, inFlightMs: 40, backoffMs: 70, untoldMs: 30, totalMs: 150 });
    expect(from(5)).toEqual({ inFlightMs: 40, untoldMs: 110, totalMs: 150 });
    expect(from(4, 4)).toEqual({ inFlightMs: 90, untoldMs: 110, totalMs: 200 });
    expect(from(3, 3)).toEqual({ backoffMs: 70, readyMs: 100, untoldMs: 30, totalMs: 200 });
  });

  test('is never negative when the clock stepped back', () => {
    const events = [later(enqueue('j', { runAt: at + 100 }), 100), later(dispatch('j'), 10), later(ack('j'), 5)];
    const { spent, steps } = timelineOf(toldBy(events), machineOf(...events).get('j'), at);
    expect(Object.values(spent).every((ms) => ms >= 0)).toBe(true);
    expect(steps.map(({ sinceMs }) => sinceMs)).toEqual([undefined, -90, -5]);
  });

  test('adds up in any life', () => {
    const step = fc.tuple(
      fc.constantFrom('dispatch', 'ack', 'retry', 'dead', 'cancel', 'update', 'pause', 'resume', 'timeout'),
      fc.nat(50),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), fc.nat(40), (steps, now) => {
        const machine = new QueueMachine();
        const events: QueueEvent[] = [];
        let ms = 0;
        const push = (event: QueueEvent): void => {
          try {
            machine.apply(encodeEvent(event), events.length + 1);
            events.push(event);
          } catch {
            // It does not fit the life so far.
          }
        };
        push(enqueue('j', { runAt: at + 20 }));
        for (const [kind, more] of steps) {
          ms += more;
          const attempt = (machine.get('j')?.attempt ?? 0) + 1;
          const next: Record<typeof kind, QueueEvent> = {
            dispatch: dispatch('j', attempt),
            ack: ack('j'),
            retry: retry('j', { runAt: at + ms + more }),
            dead: dead('j'),
            cancel: { type: 'CANCEL', id: 'j', at },
            update: { type: 'UPDATE', id: 'j', at, runAt: at + ms + 9 },
            pause: pause(0),
            resume: resume(0),
            timeout: timeout('j'),
          };
          push(later(next[kind], ms));
        }
        const { spent } = timelineOf(toldBy(events), machine.get('j'), at + ms + now);
        const { totalMs, untoldMs, ...parts } = spent;
        expect(Object.values(parts).every((part) => part >= 0)).toBe(true);
        expect(untoldMs).toBe(0);
        expect(Object.values(parts).reduce((sum, part) => sum + part, 0) + untoldMs).toBe(totalMs);
      }),
    );
  });
});

describe('steps', () => {
  test('tell attempts, and how long each had waited', () => {
    const events = [
      enqueue('j'),
      later(dispatch('j'), 5),
      retryAt(10, 40),
      later(dispatch('j', 2), 50),
      later(dead('j'), 60),
    ];
    const { steps, pendings } = timelineOf(toldBy(events), machineOf(...events).get('j'), at);
    expect(steps.map(({ type, attempt, sinceMs }) => [type, attempt, sinceMs])).toEqual([
      ['ENQUEUE', undefined, undefined],
      ['DISPATCH', 1, 5],
      ['RETRY', 1, 5],
      ['DISPATCH', 2, 40],
      ['DEAD', 2, 10],
    ]);
    expect([...pendings]).toEqual([
      [2, 5],
      [4, 40],
    ]);
  });

  test('tell no attempt of what happens to a job that waits, and count its wait from the end of the one before', () => {
    const events: QueueEvent[] = [
      enqueue('j'),
      later(dispatch('j'), 5),
      later(timeout('j'), 10),
      retryAt(12, 40),
      later(dispatch('j', 2), 50),
      retryAt(60, 70),
      later({ type: 'CANCEL', id: 'j', at }, 65),
    ];
    const { steps, pendings } = timelineOf(toldBy(events), machineOf(...events).get('j'), at);
    expect(steps.map(({ attempt }) => attempt)).toEqual([undefined, 1, 1, 1, 2, 2, undefined]);
    expect([...pendings.values()]).toEqual([5, 40]);
  });

  test('of others are there while they held the job, and marked', () => {
    const events = [
      enqueue('j'),
      pause(5),
      resume(10),
      pause(12, { name: 'other' }),
      later(dispatch('j'), 20),
      pause(25),
    ];
    const { steps } = timelineOf(toldBy(events), machineOf(...events).get('j'), at + 30);
    expect(steps.map(({ type, around, text }) => [type, around, text])).toEqual([
      ['ENQUEUE', undefined, '3 attempts'],
      ['PAUSE', true, 'all jobs paused'],
      ['RESUME', true, 'all jobs resumed'],
      ['DISPATCH', undefined, 'begun by runner 000000000001'],
    ]);
  });

  test('of a foreign log are numbered by their order', () => {
    const foreign = (event: QueueEvent): QueueEvent => ({ ...event, from: '1' });
    const events = [enqueue('j'), dispatch('j'), retry('j'), dispatch('j'), ack('j')].map(foreign);
    const { steps } = timelineOf(toldBy(events), undefined, at);
    expect(steps.map(({ attempt }) => attempt)).toEqual([undefined, 1, 1, 2, 2]);
    expect(steps[0]?.text).toBe('enqueued');
  });
});

import { expect, test } from 'vitest';
import type { LiveQueue } from '../../src/commands/queue/live-queue.ts';
import { MatchingJobs } from '../../src/commands/queue/wait-goals.ts';
import { compileWhere } from '../../src/commands/where/compile.ts';
import { storedJobFields } from '../../src/commands/where/job-fields.ts';
import type { QueueEvent } from '../../src/queue/events/event-types.ts';
import { encodeEvent } from '../../src/queue/events/events.ts';
import { ack, at, dead, dispatch, enqueue, machineOf, prune, retry } from '../queue/support/machines.ts';

/** A goal on a queue of these events, and a way to let more happen. */
function waiting(text: string, ...before: QueueEvent[]) {
  const machine = machineOf(...before);
  const where = compileWhere(storedJobFields, { flag: '--where', text }, at);
  const goal = new MatchingJobs({ machine } as LiveQueue, where);
  let seq = before.length;
  const happens = (event: QueueEvent, note: 'note' | 'unseen' = 'note'): number => {
    const record = encodeEvent(event);
    machine.apply(record, ++seq);
    if (note === 'note') goal.note(record);
    return goal.left();
  };
  return { goal, happens };
}

const mail = (id: string): QueueEvent => enqueue(id, { name: 'mail' });

test('jobs that match are waited for until they are finished, those that come later too', () => {
  const { goal, happens } = waiting('name = mail', mail('a'), enqueue('b'), mail('old'), dispatch('old'), dead('old'));
  expect(goal.left()).toBe(1);
  expect(happens(enqueue('c'))).toBe(1);
  expect(happens(mail('d'))).toBe(2);
  expect(happens(dispatch('a'))).toBe(2);
  expect(happens(retry('a'))).toBe(2);
  expect(happens(dispatch('a', 2))).toBe(2);
  expect(happens(ack('a'))).toBe(1);
  expect(happens(prune(['a']))).toBe(1);
  expect(happens(dispatch('d'))).toBe(1);
  expect(happens(dead('d'))).toBe(0);
  const jobs = [{ id: 'd', state: 'dead', reason: 'attempts' }];
  expect(goal.result()).toEqual({ jobs, completed: 1, dead: 1, missing: 0 });
});

test('a job that matches no longer, or is taken out, is not waited for; a dead one that comes back is', () => {
  const { goal, happens } = waiting(
    'status = pending and attempt = 0 or name = mail',
    enqueue('a'),
    enqueue('b'),
    mail('m'),
  );
  expect(goal.left()).toBe(3);
  expect(happens(dispatch('a'))).toBe(2);
  expect(happens({ type: 'REMOVE', id: 'b', at })).toBe(1);
  expect(happens(dispatch('m'))).toBe(1);
  expect(happens(dead('m'))).toBe(0);
  expect(happens(retry('m', { reset: true, reason: 'redrive' }))).toBe(1);
  expect(goal.result()).toMatchObject({ jobs: [], dead: 0, completed: 0 });
});

test('after a rereading everything is looked at anew', () => {
  const { goal, happens } = waiting('name = mail', mail('a'), mail('b'), mail('c'));
  happens(dispatch('a'), 'unseen');
  happens(ack('a'), 'unseen');
  happens(dispatch('b'), 'unseen');
  happens(dead('b'), 'unseen');
  happens(mail('d'), 'unseen');
  goal.note();
  expect(goal.left()).toBe(2);
  expect(goal.result()).toMatchObject({ completed: 1, dead: 1 });
});

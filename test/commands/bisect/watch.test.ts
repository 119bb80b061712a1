import { expect, test } from 'vitest';
import { type Sought, Watch } from '../../../src/commands/bisect/watch.ts';
import type { QueueEvent } from '../../../src/queue/events/event-types.ts';
import { encodeEvent } from '../../../src/queue/events/events.ts';
import { ack, at, dispatch, enqueue, prune } from '../../queue/support/machines.ts';

/** What the last of these events touched. */
function touchedBy(...events: QueueEvent[]) {
  const atLast: Sought = { holds: (_, seq) => seq === events.length, look: () => [] };
  const watch = new Watch(atLast, 0);
  events.forEach((event, index) => {
    watch.apply(encodeEvent(event), index + 1);
  });
  return watch.caught && { touched: watch.caught.touched, count: watch.caught.touchedCount };
}

test('what holds at the point itself is told from what an event turns', () => {
  const two: Sought = {
    holds: ({ size }) => size >= 2,
    look: ({ size }) => [{ name: 'n', kind: 'number', value: size }],
  };
  const watching = (from: number): Watch => {
    const watch = new Watch(two, from);
    ['a', 'b', 'c'].forEach((id, index) => {
      watch.apply(encodeEvent(enqueue(id)), index + 1);
    });
    watch.ask();
    return watch;
  };
  expect(watching(1)).toMatchObject({
    already: false,
    caught: { seq: 2, before: [{ value: 1 }], after: [{ value: 2 }] },
  });
  expect(watching(2)).toMatchObject({ already: true, caught: undefined });
  expect(watching(3)).toMatchObject({ already: true, caught: undefined });
});

const family = [enqueue('parent'), enqueue('child', { parents: ['parent'] }), enqueue('other'), dispatch('parent')];

test('an event touches its job, and one that completes a job those that waited for it', () => {
  expect(touchedBy(enqueue('a'))).toEqual({ touched: [{ id: 'a', after: 'pending' }], count: 1 });
  expect(touchedBy(...family)?.touched).toEqual([{ id: 'parent', before: 'pending', after: 'in_flight' }]);
  expect(touchedBy(...family, ack('parent'))?.touched).toEqual([
    { id: 'parent', before: 'in_flight', after: 'completed' },
    { id: 'child', before: 'pending', after: 'pending' },
  ]);
  expect(touchedBy(enqueue('a'), { type: 'REMOVE', id: 'a', at })?.touched).toEqual([{ id: 'a', before: 'pending' }]);
});

test('a PRUNE names the jobs it lists, and counts those that go by their age', () => {
  const done = [enqueue('a'), dispatch('a'), ack('a'), enqueue('b'), dispatch('b'), ack('b')];
  expect(touchedBy(...done, prune(['b']))).toEqual({ touched: [{ id: 'b', before: 'completed' }], count: 1 });
  const cutoff: QueueEvent = { type: 'PRUNE', id: '', at, cutoff: { seq: 6, completed: true, dead: false } };
  expect(touchedBy(...done, cutoff)).toEqual({ touched: [], count: 2 });
});

test('an event that concerns no job touches none', () => {
  expect(touchedBy({ type: 'PAUSE', id: '', at })).toEqual({ touched: [], count: 0 });
});

test('of many jobs the first thousand are named', () => {
  const ids = Array.from({ length: 1200 }, (_, n) => `job-${n}`);
  const done = ids.flatMap((id) => [enqueue(id), dispatch(id), ack(id)]);
  const { touched = [], count } = touchedBy(...done, prune(ids)) ?? {};
  expect([touched.length, count]).toEqual([1000, 1200]);
});

import { expect, test } from 'vitest';
import { type ChangeKind, StateDiff } from '../../src/commands/diff/compare.ts';
import type { QueueEvent } from '../../src/queue/events/event-types.ts';
import { ack, at, dead, dispatch, enqueue, prune, retry } from '../queue/support/machines.ts';
import { oneLog, statesOf } from './diff-states.ts';

/** What two states come to together, and what is different where they are looked at from the later one. */

test('totals count jobs by kind and by move, and events of jobs that came and went', () => {
  const first = [enqueue('a'), enqueue('b'), enqueue('c')];
  const more = [
    dispatch('a'),
    ack('a'),
    dispatch('b'),
    enqueue('x'),
    dispatch('x'),
    ack('x'),
    prune(['x']),
    enqueue('d'),
  ];
  const { early, late } = statesOf(first, more);
  expect(new StateDiff(early, late, { ...oneLog, backwards: false }).totals()).toEqual({
    kinds: { created: 1, gone: 0, replaced: 0, moved: 2, finished: 1, died: 0, retried: 0, changed: 0 },
    moves: [
      { from: 'pending', to: 'completed', jobs: 1 },
      { from: 'pending', to: 'in_flight', jobs: 1 },
      { from: 'none', to: 'pending', jobs: 1 },
    ],
    differing: 3,
    same: 1,
    settings: [],
    events: { enqueued: 2, dispatched: 3, completed: 2, pruned: 1 },
  });
});

test('moves of most jobs come first, and what stays in its status makes none', () => {
  const first = ['a', 'b', 'c', 'u', 'g'].map((id) => enqueue(id));
  const update: QueueEvent = { type: 'UPDATE', id: 'u', at, priority: 5 };
  const more = [dispatch('a'), ack('a'), dispatch('b'), dispatch('c'), update, dispatch('g'), ack('g'), prune(['g'])];
  const { early, late } = statesOf(first, more);
  const totals = new StateDiff(early, late, { ...oneLog, backwards: false }).totals();
  expect(totals.moves).toEqual([
    { from: 'pending', to: 'in_flight', jobs: 2 },
    { from: 'pending', to: 'completed', jobs: 1 },
    { from: 'pending', to: 'none', jobs: 1 },
  ]);
  expect([totals.differing, totals.same]).toEqual([5, 0]);
});

test('a job that is gone is none of those that stay the same', () => {
  const { early, late } = statesOf([enqueue('a'), enqueue('g')], [dispatch('g'), ack('g'), prune(['g'])]);
  expect(new StateDiff(early, late, { ...oneLog, backwards: false }).totals()).toMatchObject({ differing: 1, same: 1 });
});

const failedAt = (ms: number): QueueEvent => ({
  ...retry('j', { exitCode: 1, runAt: at + 9 }),
  at: at + ms,
});

test.each<[string, QueueEvent[], QueueEvent[], ChangeKind[], ChangeKind[]]>([
  [
    'an attempt that failed between the two is none that failed the other way round',
    [enqueue('j'), dispatch('j'), failedAt(1)],
    [dispatch('j', 2), failedAt(5)],
    ['retried'],
    ['changed'],
  ],
  [
    'nor is one of a job that is there only before',
    [enqueue('j'), dispatch('j'), failedAt(1)],
    [{ type: 'REMOVE', id: 'j', at }],
    ['gone'],
    ['created'],
  ],
  [
    'one that failed before both is none',
    [enqueue('j'), dispatch('j'), failedAt(1)],
    [{ type: 'UPDATE', id: 'j', at, priority: 5 }],
    ['changed'],
    ['changed'],
  ],
])('%s', (_what, first, more, forwards, backwards) => {
  const { early, late } = statesOf(first, more);
  for (const [isBackwards, kinds] of [
    [false, forwards],
    [true, backwards],
  ] as const) {
    const changes = [...new StateDiff(early, late, { ...oneLog, backwards: isBackwards }).changes()];
    expect(changes.map((change) => change.kinds)).toEqual([kinds]);
  }
});

test('a job that has ended in both of two logs did not end between them', () => {
  for (const end of [ack('j'), dead('j')]) {
    const one = statesOf([enqueue('j'), dispatch('j'), end], []).late;
    const other = statesOf([enqueue('j', { priority: 7 }), dispatch('j'), end], []).late;
    const diff = new StateDiff(one, other, { acrossLogs: true, known: undefined, backwards: false });
    expect([...diff.changes()].map(({ kinds }) => kinds)).toEqual([['changed']]);
  }
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ChangeKind, type ComparedState, StateDiff } from '../../src/commands/diff/compare.ts';
import { isSameJob } from '../../src/commands/diff/job-fields.ts';
import { selectChanges } from '../../src/commands/diff/select.ts';
import { settingChanges } from '../../src/commands/diff/settings.ts';
import { stateOfMachine } from '../../src/commands/diff/states.ts';
import { jobDocument, rowOfJob } from '../../src/commands/job-row.ts';
import { stringify } from '../../src/commands/json-text.ts';
import type { QueueEvent } from '../../src/queue/events/event-types.ts';
import { encodeEvent } from '../../src/queue/events/events.ts';
import type { Job } from '../../src/queue/state/job.ts';
import { QueueMachine } from '../../src/queue/state/machine.ts';
import {
  ack,
  at,
  dead,
  dispatch,
  enqueue,
  machineOf,
  prune,
  reload,
  retry,
  timeout,
} from '../queue/support/machines.ts';
import { oneLog, statesOf } from './diff-states.ts';

function kindsOf(first: readonly QueueEvent[], more: readonly QueueEvent[]): Record<string, readonly ChangeKind[]> {
  const { early, late } = statesOf(first, more);
  const diff = new StateDiff(early, late, { ...oneLog, backwards: false });
  return Object.fromEntries([...diff.changes()].map(({ id, kinds }) => [id, kinds]));
}

const failed = retry('j', { exitCode: 1, runAt: at + 9 });
const update: QueueEvent = { type: 'UPDATE', id: 'j', at, priority: 5 };

describe('what became of a job between two points', () => {
  test.each<[string, QueueEvent[], QueueEvent[], ChangeKind[] | undefined]>([
    ['nothing', [enqueue('j')], [enqueue('k')], undefined],
    ['it was created', [enqueue('k')], [enqueue('j')], ['created']],
    ['it came and finished', [enqueue('k')], [enqueue('j'), dispatch('j'), ack('j')], ['created', 'finished']],
    ['it came and died', [enqueue('k')], [enqueue('j'), dispatch('j'), dead('j')], ['created', 'died']],
    ['it came and went', [enqueue('k')], [enqueue('j'), dispatch('j'), ack('j'), prune(['j'])], undefined],
    ['a worker has it', [enqueue('j')], [dispatch('j')], ['moved']],
    ['it finished', [enqueue('j')], [dispatch('j'), ack('j')], ['moved', 'finished']],
    ['it died', [enqueue('j'), dispatch('j')], [dead('j')], ['moved', 'died']],
    ['it was tried in vain', [enqueue('j')], [dispatch('j'), failed], ['retried']],
    ['it is tried again', [enqueue('j'), dispatch('j')], [failed, dispatch('j', 2)], ['retried']],
    ['it ran into its timeout', [enqueue('j'), dispatch('j')], [timeout('j'), failed], ['moved', 'retried']],
    ['it was called back', [enqueue('j'), dispatch('j'), dead('j')], [failed], ['moved', 'retried']],
    ['it was changed', [enqueue('j')], [update], ['changed']],
    [
      'it was changed and finished',
      [enqueue('j')],
      [update, dispatch('j'), ack('j')],
      ['moved', 'finished', 'changed'],
    ],
    ['it was put off', [enqueue('j')], [{ type: 'UPDATE', id: 'j', at, runAt: at + 5 }], ['changed']],
    ['it is gone', [enqueue('j'), dispatch('j'), ack('j')], [prune(['j'])], ['gone']],
    ['another has its id', [enqueue('j')], [{ type: 'REMOVE', id: 'j', at }, enqueue('j')], ['replaced']],
    ['its parent completed', [enqueue('p'), enqueue('j', { parents: ['p'] })], [dispatch('p'), ack('p')], ['changed']],
  ])('%s', (_what, first, more, kinds) => {
    expect(kindsOf(first, more).j).toEqual(kinds);
  });

  test('a lease that was extended is a change, and nothing else of it', () => {
    const owner = { kind: 'lease', token: 't'.repeat(16), deadlineMs: at + 10 } as const;
    const { early, late } = statesOf(
      [enqueue('j'), { type: 'DISPATCH', id: 'j', at, attempt: 1, owner }],
      [{ type: 'EXTEND', id: 'j', at, deadlineMs: at + 99 }],
    );
    const [change] = new StateDiff(early, late, { ...oneLog, backwards: false }).changes();
    expect(change).toMatchObject({
      kinds: ['changed'],
      fields: [{ name: 'owner.deadlineMs', before: at + 10, after: at + 99 }],
    });
  });

  test('one that a REMOVE took is told from one that was pruned', () => {
    const { machine } = statesOf(
      [enqueue('r'), enqueue('p'), dispatch('p'), ack('p')],
      [{ type: 'REMOVE', id: 'r', at }, prune(['p']), enqueue('x'), { type: 'REMOVE', id: 'x', at }],
    );
    expect([...machine.removed]).toEqual(['r']);
  });
});

test('a member more or less, on either side, makes another job', () => {
  const job = machineOf(enqueue('j'), dispatch('j'), failed).get('j');
  if (job?.setback === undefined) throw new Error('no setback');
  const { exitCode: _exitCode, ...without } = job.setback;
  const other: Job = { ...job, setback: without };
  expect(isSameJob(job, { ...job, setback: { ...job.setback } }, oneLog)).toBe(true);
  expect([isSameJob(job, other, oneLog), isSameJob(other, job, oneLog)]).toEqual([false, false]);
  expect(isSameJob(job, { ...job, seq: 99 }, { acrossLogs: true, known: undefined })).toBe(true);
});

describe('settings', () => {
  const settingsOf = (...events: QueueEvent[]) => machineOf(...events).settings.entries();
  const limit = (concurrency: number): QueueEvent => ({ type: 'LIMIT', id: '', at, group: 'eu', concurrency });
  const schedule: QueueEvent = {
    type: 'SCHEDULE',
    id: 'nightly',
    at,
    rule: { kind: 'every', everyMs: 60_000 },
    missed: 'one',
    template: { name: 'x', priority: 0, maxAttempts: 3, timeoutMs: 0, backoff: 'none', group: '' },
    expiresAfterMs: 0,
  };

  test('that were set, changed and taken away are told, with their members', () => {
    const before = settingsOf(limit(4), { type: 'PAUSE', id: '', at, name: 'mail', reason: 'down' });
    const after = settingsOf(limit(8), schedule);
    expect(settingChanges(before, after)).toMatchObject([
      { kind: 'limits', scope: { group: 'eu' }, before: { concurrency: 4 }, after: { concurrency: 8 } },
      { kind: 'schedule', scope: { id: 'nightly' }, after: { everyMs: 60_000, name: 'x' } },
      { kind: 'pause', scope: { name: 'mail' }, before: { reason: 'down', sinceMs: at } },
    ]);
    expect(settingChanges(after, after)).toEqual([]);
  });

  test('a schedule that fired has not changed', () => {
    const fired = enqueue('nightly@1', { slot: { schedule: 'nightly', at: at + 60_000 } });
    expect(settingChanges(settingsOf(schedule), settingsOf(schedule, fired))).toEqual([]);
  });
});

describe('a selection', () => {
  const { early, late } = statesOf(
    [enqueue('a', { name: 'mail' }), enqueue('b', { group: 'eu' })],
    [dispatch('a'), ack('a'), dispatch('b'), enqueue('c', { name: 'mail' })],
  );
  const diff = new StateDiff(early, late, { ...oneLog, backwards: false });
  const ids = (selection: Parameters<typeof selectChanges>[1]) =>
    [...selectChanges(diff, selection)].map(({ id }) => id);

  test('takes kinds, states of either side, names, groups, prefixes and a limit', () => {
    expect(ids({})).toEqual(['a', 'b', 'c']);
    expect(ids({ kinds: ['finished', 'created'] })).toEqual(['a', 'c']);
    expect(ids({ states: ['in_flight'] })).toEqual(['b']);
    expect(ids({ states: ['pending'] })).toEqual(['a', 'b', 'c']);
    expect(ids({ names: ['mail'], limit: 1 })).toEqual(['a']);
    expect(ids({ groups: ['eu'] })).toEqual(['b']);
    expect(ids({ idPrefix: 'c' })).toEqual(['c']);
    expect(ids({ limit: 0 })).toEqual([]);
  });

  test('of ids gives those jobs, unchanged ones too, and leaves out what nobody knows', () => {
    expect(ids({ ids: ['c', 'x', 'a', 'c'] })).toEqual(['c', 'a']);
    const still = new StateDiff(late, late, { ...oneLog, backwards: false });
    expect([...selectChanges(still, { ids: ['a'] })]).toMatchObject([{ id: 'a', kinds: [], fields: [] }]);
  });
});

/** Random events that mostly fit; those that do not are left out. */
const stepArbitrary = fc.record({
  id: fc.constantFrom('a', 'b', 'c', 'd'),
  kind: fc.constantFrom('enqueue', 'dispatch', 'ack', 'retry', 'dead', 'update', 'remove', 'prune', 'timeout', 'pause'),
  number: fc.nat(3),
});

function logOf(steps: readonly (typeof stepArbitrary extends fc.Arbitrary<infer T> ? T : never)[]): QueueEvent[] {
  const machine = new QueueMachine();
  return steps.flatMap(({ id, kind, number }, index) => {
    const now = at + index;
    const attempt = (machine.get(id)?.attempt ?? 0) + 1;
    const events: Record<typeof kind, QueueEvent> = {
      enqueue: enqueue(id, { priority: number, payload: Buffer.from(`{"n":${number}}`) }),
      dispatch: dispatch(id, attempt),
      ack: ack(id),
      retry: retry(id, { exitCode: number, refund: number === 0, reset: number === 1 }),
      dead: dead(id),
      update: { type: 'UPDATE', id, at, priority: number },
      remove: { type: 'REMOVE', id, at },
      prune: prune([id]),
      timeout: timeout(id),
      pause: { type: 'PAUSE', id: '', at, name: id },
    };
    const event: QueueEvent = { ...events[kind], at: now };
    if (event.type === 'ENQUEUE' || event.type === 'RETRY') event.runAt = now + number;
    try {
      machine.apply(encodeEvent(event), index + 1);
      return [event];
    } catch {
      return [];
    }
  });
}

const documentOf = (job: Job | undefined): string => (job === undefined ? '' : stringify(jobDocument(rowOfJob(job))));

/** Every job of both states with what it is on each side. */
function naive(before: ComparedState, after: ComparedState): Map<string, [string, string]> {
  const ids = new Set([...before.jobs(), ...after.jobs()].map(({ id }) => id));
  const sides = [...ids].map((id): [string, [string, string]] => [
    id,
    [before.get(id), after.get(id)].map(documentOf) as [string, string],
  ]);
  return new Map(sides.filter(([, [was, is]]) => was !== is));
}

describe('of any log', () => {
  const anyLog = fc.tuple(fc.array(stepArbitrary, { maxLength: 60 }), fc.nat(60));

  test('the difference is what comparing all jobs one by one finds, in one reading and in two', () => {
    fc.assert(
      fc.property(anyLog, ([steps, point]) => {
        const events = logOf(steps);
        const at = Math.min(point, events.length);
        const { early, late, machine } = statesOf(events.slice(0, at), events.slice(at));
        const alone = stateOfMachine(reload(machineOf(...events.slice(0, at))));
        const expected = naive(alone, late);
        for (const [low, high] of [
          [early, late],
          [alone, stateOfMachine(reload(machine))],
        ] as const) {
          const changes = [...new StateDiff(low, high, { ...oneLog, backwards: false }).changes()];
          const found = changes.map(({ id, before, after }) => [id, [documentOf(before), documentOf(after)]] as const);
          expect(new Map(found)).toEqual(expected);
          expect(new Set(changes.map(({ id }) => id)).size).toBe(changes.length);
        }
      }),
    );
  });

  test('backwards it is the same, with the sides exchanged; and its sums are right', () => {
    fc.assert(
      fc.property(anyLog, ([steps, point]) => {
        const events = logOf(steps);
        const { early, late } = statesOf(events.slice(0, point), events.slice(point));
        const forth = new StateDiff(early, late, { ...oneLog, backwards: false });
        const back = new StateDiff(early, late, { ...oneLog, backwards: true });
        const swapped = [...back.changes()].map(({ id, before, after }) => [id, after, before]);
        expect(swapped).toEqual([...forth.changes()].map(({ id, before, after }) => [id, before, after]));
        for (const diff of [forth, back]) {
          const { kinds, moves, differing, same, events: between } = diff.totals();
          const total = ({ counts }: ComparedState) => Object.values(counts).reduce((sum, each) => sum + each, 0);
          expect(total(diff.before) + kinds.created - kinds.gone).toBe(total(diff.after));
          expect(differing - kinds.created + same).toBe(total(diff.before));
          for (const state of ['pending', 'in_flight', 'completed', 'dead'] as const) {
            const flow = moves.reduce(
              (sum, { from, to, jobs }) => sum + (to === state ? jobs : 0) - (from === state ? jobs : 0),
              0,
            );
            expect(diff.before.counts[state] + flow).toBe(diff.after.counts[state]);
          }
          expect(Object.values(between ?? {}).every((count) => count > 0)).toBe(true);
        }
      }),
    );
  });
});

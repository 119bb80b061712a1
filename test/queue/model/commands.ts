import * as fc from 'fast-check';
import type { LimitEvent, PauseScope } from '../../../src/queue/events/setting-types.ts';
import type { JobChange, JobSpec } from '../../../src/queue/ops/spec.ts';

/** What may happen to a queue. A `pick` chooses among what is there when its turn comes, if anything is. */

const id = fc.constantFrom('a', 'b', 'c', 'd', 'e');
const group = fc.constantFrom('', 'g', 'h');
const name = fc.constantFrom('default', 'default', 'x');
const pick = fc.nat({ max: 11 });
const payload = fc.constantFrom('1', '"a text of some length"');
const backoff = fc.constantFrom('none', 'fixed:1s', 'exp:1s..4s~0.5');
const opt = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined, freq: 2 });
const rarely = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.oneof({ weight: 5, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });
const sometimes = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.oneof({ weight: 5, arbitrary: fc.constant(undefined) }, { weight: 2, arbitrary });
/** The job with this place in the state, or one of the usual ids. */
export interface Target {
  id: string;
  pick: number | undefined;
}
const target: fc.Arbitrary<Target> = fc.record({ id, pick: fc.option(pick, { nil: undefined, freq: 8 }) });
export type Spec = Omit<JobSpec, 'after'> & { after?: readonly Target[] | undefined };

const keyed = fc.record({
  key: fc.constantFrom('k', 'l'),
  keyMode: fc.constantFrom('skip' as const, 'replace' as const, undefined),
  keyTtlMs: rarely(fc.constantFrom(500, 20_000)),
});
const spec: fc.Arbitrary<Spec> = fc
  .record({
    base: fc.record({
      id: fc.oneof({ weight: 9, arbitrary: id }, { weight: 1, arbitrary: fc.constant(undefined) }),
      name,
      group: opt(fc.constantFrom('g', 'h')),
      priority: opt(fc.integer({ min: -1, max: 1 })),
      attempts: opt(fc.integer({ min: 1, max: 3 })),
      backoff: opt(backoff),
      delayMs: rarely(fc.constantFrom(1, 1000)),
      expireMs: rarely(fc.constantFrom(1, 1500)),
      command: rarely(fc.constant(['true'])),
      payload: rarely(payload),
      after: sometimes(fc.array(target, { minLength: 1, maxLength: 2 })),
    }),
    key: sometimes(keyed),
  })
  .map(({ base, key }) => ({ ...base, ...key }));

const change: fc.Arbitrary<JobChange> = fc.record({
  priority: opt(fc.integer({ min: -1, max: 1 })),
  attempts: rarely(fc.integer({ min: 1, max: 3 })),
  delayMs: rarely(fc.constantFrom(0, 1000)),
  backoff: rarely(backoff),
  group: opt(group),
  expireMs: rarely(fc.constantFrom(1, 1500)),
  payload: opt(payload),
});
const scope: fc.Arbitrary<PauseScope> = fc.constantFrom({}, { name: 'x' }, { name: 'default' }, { group: 'g' });
const states = fc.constantFrom(undefined, ['dead' as const], ['completed' as const, 'dead' as const]);
const ofQueue: fc.Arbitrary<Omit<LimitEvent, 'type' | 'id' | 'at' | 'group'>> = fc.oneof(
  fc.record({ pendingMax: fc.nat({ max: 4 }) }),
  fc.record({ payloadBytesMax: fc.constantFrom(0, 5, 5) }),
  fc.record({ keepMs: fc.constantFrom(0, 1000), keepCount: fc.nat({ max: 2 }) }),
  fc.record({ rate: fc.record({ count: fc.nat({ max: 2 }), perMs: fc.constantFrom(1000, 3000) }) }),
);
const ofGroup = fc.oneof(
  fc.record({ concurrency: fc.nat({ max: 2 }) }),
  fc.record({ rate: fc.record({ count: fc.nat({ max: 2 }), perMs: fc.constant(1000) }) }),
);
const names = rarely(fc.constantFrom(['x'], ['default'], ['x', 'default']));
interface Prune {
  target?: Target;
  keep?: number;
  endedAgo?: number;
  states?: readonly ('completed' | 'dead')[] | undefined;
}
const prune: fc.Arbitrary<Prune> = fc.oneof(
  fc.record({ target }),
  fc.record({ keep: fc.nat({ max: 2 }), states }),
  fc.record({ endedAgo: fc.constantFrom(1000, -1), states }),
);

function command<const K extends string, T extends object>(
  weight: number,
  kind: K,
  fields: { [F in keyof T]: fc.Arbitrary<T[F]> },
): { weight: number; arbitrary: fc.Arbitrary<{ kind: K } & T> } {
  return { weight, arbitrary: fc.record({ kind: fc.constant(kind), ...fields }) as fc.Arbitrary<{ kind: K } & T> };
}

const action = fc.oneof(
  command(10, 'enqueue', { specs: fc.array(spec, { minLength: 1, maxLength: 1 }) }),
  command(8, 'enqueue', { specs: fc.array(spec, { maxLength: 4 }) }),
  command(16, 'dispatch', { names }),
  command(7, 'lease', {
    names,
    most: fc.integer({ min: 0, max: 3 }),
    again: rarely(pick),
    leaseMs: fc.constantFrom(1, 1500),
  }),
  command(10, 'ack', { pick, token: fc.boolean() }),
  command(9, 'fail', {
    pick,
    token: fc.boolean(),
    dead: rarely(fc.constant('permanent')),
    delayMs: rarely(fc.constant(7)),
  }),
  command(3, 'timeout', { pick }),
  command(3, 'giveBack', { pick, delayMs: opt(fc.constant(500)) }),
  command(3, 'extend', { pick, ms: fc.constantFrom(1, 2000) }),
  command(5, 'reclaim', {}),
  command(5, 'cancel', { target }),
  command(3, 'update', { target, change }),
  command(2, 'promote', { target }),
  command(3, 'remove', { target }),
  command(6, 'redrive', { target, reset: fc.boolean() }),
  command(2, 'redriveAll', { name: opt(name), reset: fc.boolean() }),
  command(3, 'prune', { request: prune }),
  command(1, 'pause', { scope }),
  command(2, 'resume', { scope, pick }),
  command(2, 'limit', { group: fc.constant(''), limits: ofQueue }),
  command(2, 'limit', { group: fc.constantFrom('g', 'h'), limits: ofGroup }),
  command(2, 'schedule', {
    id: fc.constantFrom('s', 't'),
    everyMs: fc.constantFrom(1000, 2500),
    missed: fc.constantFrom('skip' as const, 'one' as const, 'all' as const),
    expireMs: rarely(fc.constant(800)),
    payload: rarely(payload),
  }),
  command(1, 'unschedule', { id: fc.constantFrom('s', 't') }),
  command(5, 'sweep', {}),
  command(5, 'commit', {}),
  command(6, 'advance', { ms: fc.constantFrom(1, 500, 1000, 3000) }),
  command(1, 'setBack', { ms: fc.constantFrom(1, 2000, 100_000) }),
  command(1, 'disk', { how: fc.constantFrom('full' as const, 'full' as const, 'unsure' as const) }),
  command(2, 'crash', { surviving: fc.nat({ max: 4 }) }),
  command(1, 'reopen', {}),
);

/** What happens next, before the one after it: nothing, or all that can run does, or it also gets to the disk. */
const pause = fc.constantFrom(
  'none' as const,
  'none' as const,
  'settle' as const,
  'commit' as const,
  'commit' as const,
);
export const commands = fc.array(fc.record({ action, pause }), { maxLength: 100, size: 'max' });
export type Action = typeof action extends fc.Arbitrary<infer T> ? T : never;
export type Commands = typeof commands extends fc.Arbitrary<infer T> ? T : never;

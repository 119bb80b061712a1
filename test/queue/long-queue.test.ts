import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { WalqError } from '../../src/base/errors.ts';
import { enqueueDefaults, type QueueEvent } from '../../src/queue/events/event-types.ts';
import { encodeEvent } from '../../src/queue/events/events.ts';
import { ColdJob } from '../../src/queue/state/cold-job.ts';
import type { Job, PendingJob } from '../../src/queue/state/job.ts';
import { allLanes } from '../../src/queue/state/lane.ts';
import { QueueMachine } from '../../src/queue/state/machine.ts';
import { ack, at, dispatch, enqueue, hashOf, reload, retry } from './support/machines.ts';

/** A state that keeps jobs as bytes wherever it can beside one that never does: nobody can tell them apart. */

/** With fewer jobs ids are not known by their hashes, and none is kept as bytes. They come last. */
const fillers = Array.from({ length: 2100 }, (_, n) => enqueue(`filler-${n}`, { priority: -10 }));

function filled(shelveFrom: number): QueueMachine {
  const machine = new QueueMachine(shelveFrom);
  for (const [n, event] of fillers.entries()) machine.apply(encodeEvent(event), n + 1);
  return machine;
}

/** What an observer is told from now on. */
function heard(machine: QueueMachine): unknown[] {
  const all: unknown[] = [];
  machine.observer = (event, before, after) => all.push([event.type, said(before), said(after)]);
  return all;
}

function said(job: Job | undefined): unknown {
  if (job?.state !== 'pending') return job;
  const { id, seq, options, payload, createdAt, runAt, attempt, crashes, from, setback, special, timedOut } = job;
  return { id, seq, options, payload, createdAt, runAt, attempt, crashes, from, setback, special, timedOut };
}

const idArbitrary = fc.oneof(
  { weight: 9, arbitrary: fc.integer({ min: 0, max: 40 }).map((n) => `job-${n}`) },
  fc.constantFrom('é', 'x'.repeat(127), 'x'.repeat(128), 'é'.repeat(120)),
);
const kindArbitrary = fc.record({
  name: fc.constantFrom(enqueueDefaults.name, 'mail', 'é'),
  group: fc.constantFrom('', 'a', 'b'),
  priority: fc.constantFrom(0, 0, 5),
});
const stepArbitrary = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('enqueue' as const),
      id: idArbitrary,
      kind: kindArbitrary,
      payload: fc.constantFrom(undefined, '', '{"a":1}', '"é"', `"${'x'.repeat(5000)}"`),
      delay: fc.constantFrom(0, 0, 0, 1000),
      late: fc.constantFrom(0, 0, -5),
      known: fc.boolean(),
    }),
  },
  { weight: 6, arbitrary: fc.record({ do: fc.constantFrom('take', 'take and give back', 'only mail') }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constantFrom('look', 'ack', 'retry', 'cancel', 'remove', 'update', 'dispatch'),
      id: idArbitrary,
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('pause', 'resume'), group: fc.constantFrom('', 'a') }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('list', 'reload') }) },
);
type Step = typeof stepArbitrary extends fc.Arbitrary<infer T> ? T : never;

function eventOf(step: Step, attempt: number): QueueEvent | undefined {
  if ('kind' in step) {
    const time = at + step.late;
    const payload = step.payload === undefined ? undefined : Buffer.from(step.payload);
    return enqueue(step.id, { ...step.kind, payload, at: time, runAt: time + step.delay });
  }
  if ('group' in step) {
    const scope = step.group === '' ? {} : { group: step.group };
    return step.do === 'pause' ? { type: 'PAUSE', id: '', at, ...scope } : { type: 'RESUME', id: '', at, ...scope };
  }
  if (!('id' in step)) return undefined;
  if (step.do === 'ack') return ack(step.id);
  if (step.do === 'retry') return retry(step.id);
  if (step.do === 'cancel') return { type: 'CANCEL', id: step.id, at };
  if (step.do === 'remove') return { type: 'REMOVE', id: step.id, at };
  if (step.do === 'update') return { type: 'UPDATE', id: step.id, at, priority: 7 };
  return step.do === 'dispatch' ? dispatch(step.id, attempt) : undefined;
}

/** What a machine says to a step. */
function did(machine: QueueMachine, step: Step, seq: number): unknown {
  const take = (names?: ReadonlySet<string>): PendingJob | undefined =>
    machine.ready.take(at + 10, { lanes: allLanes, names });
  if (step.do === 'take' || step.do === 'only mail') {
    const job = take(step.do === 'take' ? undefined : new Set(['mail']));
    if (job !== undefined) machine.apply(encodeEvent(dispatch(job.id, job.attempt + 1)), seq);
    return said(machine.get(job?.id ?? ''));
  }
  if (step.do === 'take and give back') {
    const job = take();
    if (job !== undefined) machine.ready.giveBack(job);
    return said(job);
  }
  if (step.do === 'list') return machine.list().slice(fillers.length).map(said);
  const event = eventOf(step, ('id' in step && machine.get(step.id)?.attempt) || 1);
  if (event === undefined) return 'id' in step && said(machine.get(step.id));
  try {
    if (event.type === 'ENQUEUE' && 'known' in step && step.known) {
      machine.applyKnown({ ...event, payload: step.payload }, seq);
    } else machine.apply(encodeEvent(event), seq);
  } catch (error) {
    return error instanceof WalqError ? error.message : error;
  }
  return [machine.size, { ...machine.counts }, machine.ready.delayedCount(at)];
}

/** As it comes out of a snapshot. */
function stretched(machine: QueueMachine, shelveFrom: number): QueueMachine {
  const copy = new QueueMachine(shelveFrom);
  for (const entry of machine.cut()) copy.loadStretch(Buffer.from(entry), 0, entry.length);
  copy.observer = machine.observer;
  return copy;
}

/** In the order in which a worker gets them. */
function taken(machine: QueueMachine): string[] {
  const ids: string[] = [];
  const next = (): PendingJob | undefined => machine.ready.take(Number.MAX_SAFE_INTEGER, { lanes: allLanes });
  for (let job = next(); job !== undefined; job = next()) ids.push(job.id);
  return ids;
}

test('a long queue kept as bytes does what one of objects does', () => {
  const steps = fc.array(stepArbitrary, { minLength: 20, maxLength: 120 });
  void fc.assert(
    fc.property(steps, fc.boolean(), fc.boolean(), (script, observed, asked) => {
      let [kept, read] = [filled(0), filled(Number.POSITIVE_INFINITY)];
      const told = observed ? [kept, read].map(heard) : [];
      if (asked) for (const machine of [kept, read]) machine.ready.delayedCount(at);
      for (const [n, step] of script.entries()) {
        const seq = fillers.length + 1 + n;
        if (step.do === 'reload') [kept, read] = [stretched(kept, 0), reload(read)];
        else expect(did(kept, step, seq), JSON.stringify(step)).toEqual(did(read, step, seq));
      }
      expect(hashOf(kept)).toBe(hashOf(read));
      expect({ ...kept.totals }).toEqual({ ...read.totals });
      expect(told[0]).toEqual(told[1]);
      expect(taken(kept)).toEqual(taken(read));
    }),
    { numRuns: 150 },
  );
});

const many = (count: number, of: (n: number) => Partial<Extract<QueueEvent, { type: 'ENQUEUE' }>>): QueueMachine => {
  const machine = filled(0);
  for (let n = 0; n < count; n++) machine.apply(encodeEvent(enqueue(`m${n}`, of(n))), fillers.length + 1 + n);
  return machine;
};

test('each job of a long queue has its turn, whatever happens to the one before it', () => {
  const machine = many(12, (n) => ({ group: `g${n % 2}` }));
  expect(machine.list().filter((job) => job instanceof ColdJob).length).toBeGreaterThan(12);
  expect(machine.ready.take(at, { lanes: allLanes })?.id).toBe('m0');
  for (const id of ['m1', 'm5', 'm2']) machine.apply(encodeEvent({ type: 'CANCEL', id, at }), 10_000);
  machine.apply(encodeEvent({ type: 'UPDATE', id: 'm3', at, priority: 1 }), 10_001);
  const rest = taken(machine).filter((id) => id.startsWith('m'));
  expect(rest).toEqual(['m3', 'm4', 'm7', 'm6', 'm9', 'm8', 'm11', 'm10']);
});

test('whoever watches hears of each job of a long queue', () => {
  const machine = many(2, () => ({}));
  const told = heard(machine);
  for (const id of ['one', 'two']) machine.apply(encodeEvent(enqueue(id)), 10_000);
  expect(told).toHaveLength(2);
});

test('an ENQUEUE and the entry of its job have a group in different places', () => {
  const machine = many(3, () => ({ group: 'g' }));
  expect(() => reload(machine)).not.toThrow();
  expect(reload(machine).get('m2')?.options.group).toBe('g');
});

test('what is written of a moment stays what it was, whatever happens afterwards', () => {
  const machine = many(5000, (n) => ({ payload: Buffer.from(`{"n":${n}}`), group: `g${n % 3}` }));
  const before = hashOf(machine);
  const cut = machine.cut();
  let seq = 100_000;
  for (let n = 0; n < 5000; n += 2) machine.apply(encodeEvent({ type: 'CANCEL', id: `m${n}`, at }), ++seq);
  for (let n = 0; n < 5000; n += 4) machine.apply(encodeEvent({ type: 'REMOVE', id: `m${n}`, at }), ++seq);
  for (let n = 0; n < 5000; n++) machine.apply(encodeEvent(enqueue(`later-${n}`, { priority: 1 })), ++seq);
  expect(taken(machine).filter((id) => id.startsWith('m'))).toHaveLength(2500);
  const after = new QueueMachine();
  expect(() => {
    for (const entry of cut) after.load(entry);
  }).not.toThrow();
  expect(hashOf(after)).toBe(before);
  expect(hashOf(machine)).not.toBe(before);
});

test('jobs with commands of their own leave room for others', () => {
  const machine = many(4200, (n) => ({ command: ['echo', `${n}`] }));
  for (let n = 0; n < 100; n++) machine.apply(encodeEvent(enqueue(`late-${n}`, { name: 'late' })), 10_000 + n);
  const late = machine.list().filter((job) => job instanceof ColdJob && job.options.name === 'late');
  expect(late).toHaveLength(100);
});

test('a seq that has no room on the shelf is kept all the same', () => {
  const machine = filled(0);
  const seqs = [2 ** 48 - 2, 2 ** 48 - 1, 2 ** 48, 2 ** 48 + 1];
  for (const seq of seqs) machine.apply(encodeEvent(enqueue(`j${seq}`)), seq);
  expect(seqs.map((seq) => machine.get(`j${seq}`)?.seq)).toEqual(seqs);
  expect(seqs.map((seq) => reload(machine).get(`j${seq}`)?.seq)).toEqual(seqs);
});

test('many kinds with one job each leave room for others', () => {
  const machine = filled(0);
  machine.ready.delayedCount(at);
  let seq = fillers.length;
  for (let n = 0; n < 9000; n++) machine.apply(encodeEvent(enqueue(`one-${n}`, { group: `g${n}` })), ++seq);
  for (let n = 0; n < 100; n++) machine.apply(encodeEvent(enqueue(`late-${n}`, { name: 'late' })), ++seq);
  const late = machine.list().filter((job) => job instanceof ColdJob && job.options.name === 'late');
  // The first of them stands for the others.
  expect(late).toHaveLength(99);
  const order = taken(machine).filter((id) => id.startsWith('one-') || id.startsWith('late-'));
  expect(order).toHaveLength(9100);
  expect(new Set(order).size).toBe(9100);
});

test('a payload that has no room on the shelf is kept all the same', () => {
  const sizes = [4000, 5000, 66_000, 1_000_000];
  const machine = many(sizes.length, (n) => ({ payload: Buffer.alloc(sizes[n] ?? 0, 'x') }));
  expect(sizes.map((_, n) => machine.get(`m${n}`)?.payload?.length)).toEqual(sizes);
  expect(machine.get('m0')).toBeInstanceOf(ColdJob);
  expect(machine.get('m1')).not.toBeInstanceOf(ColdJob);
});

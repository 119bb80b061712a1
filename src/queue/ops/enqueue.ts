import { arrayOfOne } from '../../base/array-of-one.ts';
import { assert, WalqError } from '../../base/errors.ts';
import type { CommitHooks } from '../../storage/types.ts';
import type { EnqueueAnswer } from '../engine-types.ts';
import type { EnqueueEvent, QueueEvent } from '../events/event-types.ts';
import type { Packed } from '../events/packed.ts';
import { type EngineContext, reservedKey } from './context.ts';
import { type EnqueueEntry, EnqueuePlan, mustHaveRoom } from './enqueue-plan.ts';
import { knownEvents } from './known.ts';
import { enqueueEvent, type JobSpec } from './spec.ts';

/**
 * All of them in one frame, or none: one bad spec rejects the whole. Of two with the same id or key the second meets
 * the first. Jobs may name each other as parents, in any order but not in a circle.
 *
 * Here and below no async functions: a job costs a few hundred bytes of promises so, and thousands with them.
 */
export function enqueueMany(engine: EngineContext, specs: readonly JobSpec[]): Promise<EnqueueAnswer[]> {
  try {
    const at = engine.now();
    const { ids } = engine;
    const limits = engine.specLimits();
    const events = oneByOne(specs, (spec) =>
      enqueueEvent(spec, spec.id === undefined ? ids.next(at) : spec.id, at, limits),
    );
    const given = specs.flatMap(({ id }) => id ?? []);
    const isPlain = events.every(({ key, parents }) => key === undefined && parents === undefined) && allDiffer(given);
    if (isPlain) {
      if (events.length === 0) return Promise.resolve([]);
      if (given.length === 0) return appendNew(engine, events, answerToAll);
      return engine.reserved.hold(given, () => appendPlain(engine, events));
    }
    const entries = events.map((event, index) => ({ event, replace: specs[index]?.keyMode === 'replace' }));
    return engine.reserved.holdPlanned(
      () => concerned(engine, entries),
      () => appendPlanned(engine, entries, at),
    );
  } catch (error) {
    return Promise.reject(error);
  }
}

/** The same for one job: most come alone. */
export function enqueueOne(engine: EngineContext, spec: JobSpec): Promise<EnqueueAnswer> {
  if (spec.id !== undefined || spec.key !== undefined || spec.after !== undefined) {
    return enqueueMany(engine, [spec]).then(([answer]) => {
      assert(answer, 'one spec has one answer');
      return answer;
    });
  }
  try {
    const at = engine.now();
    const event = enqueueEvent(spec, engine.ids.next(at), at, engine.specLimits());
    return appendNew(engine, arrayOfOne(event), answerToOne);
  } catch (error) {
    return Promise.reject(error);
  }
}

function enqueued(id: string, seq: number): EnqueueAnswer {
  return { id, status: 'enqueued', seq };
}

/** What the client is told, of the jobs that are new and the seq of the first event. */
type Answer<T> = (seqFirst: number, fresh: readonly EnqueueEvent<Packed>[]) => T;

/** Functions of all calls and not of each: a function made for one job would be copied as long as it waits. */
const answerToAll: Answer<EnqueueAnswer[]> = (seq, fresh) => fresh.map(({ id }, at) => enqueued(id, seq + at));
const answerToOne: Answer<EnqueueAnswer> = (seq, fresh) => enqueued(fresh[0]?.id ?? '', seq);

/** Jobs without ties to others and with ids made just now, which nobody knows yet: nothing to reserve. */
function appendNew<T>(engine: EngineContext, events: readonly EnqueueEvent<Packed>[], answer: Answer<T>): Promise<T> {
  mustHaveRoom(engine, events.length);
  return appendFresh(engine, events, events, answer, knownEvents(events));
}

/** Whoever sent a thousand jobs wants to know which one it is that fails. */
function oneByOne<T, R>(items: readonly T[], make: (item: T) => R): R[] {
  let at = 0;
  try {
    const made: R[] = [];
    for (const item of items) {
      made.push(make(item));
      at++;
    }
    return made;
  } catch (error) {
    if (!(error instanceof WalqError)) throw error;
    throw new WalqError(error.exit, error.code, error.message, {
      data: { ...error.data, index: at },
      ...(error.next !== undefined && { next: error.next }),
      cause: error,
    });
  }
}

function allDiffer(ids: readonly string[]): boolean {
  return ids.length < 2 || new Set(ids).size === ids.length;
}

/** Jobs without ties to others, some with given ids, which are reserved and all differ. */
function appendPlain(engine: EngineContext, events: readonly EnqueueEvent<Packed>[]): Promise<EnqueueAnswer[]> {
  const known = events.map(({ id }) => engine.machine.get(id));
  const fresh = events.filter((_, index) => known[index] === undefined);
  mustHaveRoom(engine, fresh.length);
  const answers = (seq: number): EnqueueAnswer[] =>
    events.map(({ id }, index) => {
      const job = known[index];
      return job === undefined ? enqueued(id, seq++) : { id, status: 'duplicate', seq: job.seq };
    });
  return fresh.length === 0 ? Promise.resolve(answers(0)) : appendFresh(engine, fresh, fresh, answers);
}

/** Ids, keys and their holders, and parents: none of them may change between validation and answer. */
function* concerned(engine: EngineContext, entries: readonly EnqueueEntry[]): Generator<string> {
  for (const { event, replace } of entries) {
    yield event.id;
    yield* event.parents ?? [];
    if (event.key === undefined) continue;
    yield reservedKey(event.key);
    // One that a worker has may wait again the next moment, and then it is to be replaced.
    if (replace) yield* engine.machine.keyHolders(event.key).map((holder) => holder.id);
  }
}

async function appendPlanned(
  engine: EngineContext,
  entries: readonly EnqueueEntry[],
  at: number,
): Promise<EnqueueAnswer[]> {
  const plan = new EnqueuePlan(engine, at);
  const answers = oneByOne(entries, (entry) => plan.add(entry));
  const events = plan.events();
  if (events.length > 0) await appendFresh(engine, events, plan.fresh, () => undefined);
  return answers.map((answer) => {
    const seq = answer.seq ?? engine.machine.get(answer.id)?.seq;
    assert(seq !== undefined, 'a job is there once its ENQUEUE is applied');
    return { ...answer, seq };
  });
}

function appendFresh<T>(
  engine: EngineContext,
  events: readonly QueueEvent<Packed>[],
  fresh: readonly EnqueueEvent<Packed>[],
  answer: Answer<T>,
  known?: readonly QueueEvent<Packed>[],
): Promise<T> {
  const arrival = new Arrival(engine, events, fresh, answer);
  try {
    return engine.commits.appendWith(events, arrival, known);
  } catch (error) {
    arrival.failed();
    throw error;
  }
}

/**
 * Jobs on their way to the log: they count for the limits of the queue, and the engine is not idle. A class and not
 * closures: there may be a million.
 */
class Arrival<T> implements CommitHooks<T> {
  readonly #engine: EngineContext;
  readonly #events: readonly QueueEvent<Packed>[];
  readonly #fresh: readonly EnqueueEvent<Packed>[];
  readonly #answer: Answer<T>;

  constructor(
    engine: EngineContext,
    events: readonly QueueEvent<Packed>[],
    fresh: readonly EnqueueEvent<Packed>[],
    answer: Answer<T>,
  ) {
    this.#engine = engine;
    this.#events = events;
    this.#fresh = fresh;
    this.#answer = answer;
    engine.arriving.add(fresh);
    engine.reserved.began();
  }

  applied(seqFirst: number): T {
    this.#engine.commits.tell(this.#events, seqFirst);
    this.failed();
    return this.#answer(seqFirst, this.#fresh);
  }

  failed(): undefined {
    this.#engine.arriving.delete(this.#fresh);
    this.#engine.reserved.ended();
  }
}

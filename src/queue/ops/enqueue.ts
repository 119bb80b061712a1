import { assert, WalqError } from '../../base/errors.ts';
import type { EnqueueAnswer } from '../engine-types.ts';
import type { EnqueueEvent, QueueEvent } from '../events/event-types.ts';
import type { Packed } from '../state/packed.ts';
import { type EngineContext, reservedKey } from './context.ts';
import { type EnqueueEntry, EnqueuePlan, mustHaveRoom } from './enqueue-plan.ts';
import { enqueueEvent, type JobSpec } from './spec.ts';

/**
 * All of them in one frame, or none: one bad spec rejects the whole. Of two with the same id or key the second meets
 * the first. Jobs may name each other as parents, in any order but not in a circle.
 */
export async function enqueueMany(engine: EngineContext, specs: readonly JobSpec[]): Promise<EnqueueAnswer[]> {
  const at = engine.now();
  const { machine, options, ids } = engine;
  const payloadBytesMax = Math.min(
    options.payloadBytesMax,
    machine.settings.limitsOf('')?.payloadBytesMax ?? Number.POSITIVE_INFINITY,
  );
  const limits = { payloadBytesMax };
  const events = oneByOne(specs, (spec) => enqueueEvent(spec, spec.id ?? ids.next(), at, limits));
  const given = specs.flatMap(({ id }) => id ?? []);
  const isPlain = events.every(({ key, parents }) => key === undefined && parents === undefined) && allDiffer(given);
  if (isPlain) return await appendPlain(engine, events, given);
  const entries = events.map((event, index) => ({ event, replace: specs[index]?.keyMode === 'replace' }));
  return await engine.reserved.holdPlanned(
    () => concerned(engine, entries),
    () => appendPlanned(engine, entries, at),
  );
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

/**
 * Jobs without ties to others, each with an id of its own: nearly all are so, and they come in great numbers. Of the
 * ids only those given are reserved; one made here is known to nobody yet.
 */
async function appendPlain(
  engine: EngineContext,
  events: readonly EnqueueEvent<Packed>[],
  given: readonly string[],
): Promise<EnqueueAnswer[]> {
  const hold = engine.reserved.enter(given);
  try {
    if (hold.granted !== undefined) await hold.granted;
    const known = events.map(({ id }) => engine.machine.get(id));
    const fresh = events.filter((_, index) => known[index] === undefined);
    mustHaveRoom(engine, fresh.length);
    let seq = fresh.length === 0 ? 0 : await appendFresh(engine, fresh, fresh);
    return events.map(({ id }, index): EnqueueAnswer => {
      const job = known[index];
      return job === undefined ? { id, status: 'enqueued', seq: seq++ } : { id, status: 'duplicate', seq: job.seq };
    });
  } finally {
    engine.reserved.leave(hold);
  }
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
  if (events.length > 0) await appendFresh(engine, events, plan.fresh);
  return answers.map((answer) => {
    const seq = answer.seq ?? engine.machine.get(answer.id)?.seq;
    assert(seq !== undefined, 'a job is there once its ENQUEUE is applied');
    return { ...answer, seq };
  });
}

async function appendFresh(
  engine: EngineContext,
  events: readonly QueueEvent<Packed>[],
  fresh: readonly EnqueueEvent<Packed>[],
): Promise<number> {
  engine.arriving.add(fresh);
  try {
    return await engine.commits.append(events);
  } finally {
    engine.arriving.delete(fresh);
  }
}

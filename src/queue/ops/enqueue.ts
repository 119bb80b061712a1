import { assert, WalqError } from '../../base/errors.ts';
import type { EnqueueAnswer } from '../engine-types.ts';
import type { EnqueueEvent, QueueEvent } from '../events/event-types.ts';
import type { Job } from '../state/job.ts';
import { type EngineContext, reservedKey } from './context.ts';
import { hasChildren, parentDead, parentUnknown, queueFull } from './engine-checks.ts';
import { parentsFirst } from './parents-first.ts';
import { enqueueEvent, fieldError, type JobSpec } from './spec.ts';

/** One job of a request and what is to become of it. */
interface Entry {
  event: EnqueueEvent;
  replace: boolean;
}

/**
 * All of them in one frame, or none: one bad spec rejects the whole. Of two with the same id or key the second meets
 * the first. Jobs may name each other as parents, in any order but not in a circle.
 */
export async function enqueueMany(engine: EngineContext, specs: readonly JobSpec[]): Promise<EnqueueAnswer[]> {
  const at = engine.now();
  const { machine, options } = engine;
  const payloadBytesMax = Math.min(
    options.payloadBytesMax,
    machine.settings.limitsOf('')?.payloadBytesMax ?? Number.POSITIVE_INFINITY,
  );
  const entries = specs.map((spec, index) => ({
    event: oneOfMany(index, () => enqueueEvent(spec, spec.id ?? engine.ids.next(), at, { payloadBytesMax })),
    replace: spec.keyMode === 'replace',
  }));
  const simple = entries.every(({ event }) => event.key === undefined && event.parents === undefined);
  if (simple) {
    const ids = new Set(entries.map(({ event }) => event.id));
    return await engine.reserved.hold([...ids], () => append(engine, entries, at));
  }
  return await engine.reserved.holdPlanned(
    () => concerned(engine, entries),
    () => append(engine, entries, at),
  );
}

/** Whoever sent a thousand jobs wants to know which one it is. */
function oneOfMany<T>(index: number, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof WalqError)) throw error;
    throw new WalqError(error.exit, error.code, error.message, {
      data: { ...error.data, index },
      ...(error.next !== undefined && { next: error.next }),
      cause: error,
    });
  }
}

/** Ids, keys and their holders, and parents: none of them may change between validation and answer. */
function* concerned(engine: EngineContext, entries: readonly Entry[]): Generator<string> {
  for (const { event, replace } of entries) {
    yield event.id;
    yield* event.parents ?? [];
    if (event.key === undefined) continue;
    yield reservedKey(event.key);
    // One that a worker has may wait again the next moment, and then it is to be replaced.
    if (replace) yield* engine.machine.keyHolders(event.key).map((holder) => holder.id);
  }
}

async function append(engine: EngineContext, entries: readonly Entry[], at: number): Promise<EnqueueAnswer[]> {
  const plan = new Plan(engine, at);
  const answers = entries.map((entry, index) => oneOfMany(index, () => plan.add(entry)));
  const events = plan.events();
  if (events.length > 0) {
    const fresh = plan.ids;
    engine.arriving.add(fresh);
    try {
      await engine.commits.append(events);
    } finally {
      engine.arriving.delete(fresh);
    }
  }
  return answers.map((answer) => {
    const seq = answer.seq ?? engine.machine.get(answer.id)?.seq;
    assert(seq !== undefined, 'a job is there once its ENQUEUE is applied');
    return { ...answer, seq };
  });
}

/** Without seq: its ENQUEUE is yet to be written. Others may be gone by the time this is answered. */
type Answer = Omit<EnqueueAnswer, 'seq'> & { seq?: number };

/** Jobs that other requests are about to enqueue. */
function arriving({ arriving, machine }: EngineContext): number {
  let count = 0;
  for (const ids of arriving) if (machine.get(ids[0] ?? '') === undefined) count += ids.length;
  return count;
}

/** What one frame is going to hold. */
class Plan {
  readonly #engine: EngineContext;
  readonly #at: number;
  readonly #fresh = new Map<string, EnqueueEvent>();
  readonly #freshKeys = new Map<string, string>();
  readonly #removed = new Set<string>();

  constructor(engine: EngineContext, at: number) {
    this.#engine = engine;
    this.#at = at;
  }

  get ids(): readonly string[] {
    return [...this.#fresh.keys()];
  }

  add({ event, replace }: Entry): Answer {
    const { machine } = this.#engine;
    const { id, key } = event;
    const known = this.#removed.has(id) ? undefined : machine.get(id);
    if (this.#fresh.has(id) || known !== undefined) return duplicate(id, known);
    if (key === undefined) return this.#enqueue(event);
    const sibling = this.#freshKeys.get(key);
    if (sibling !== undefined) {
      if (replace) throw fieldError('key', `'${key}' is there twice among jobs that replace each other`);
      return duplicate(sibling, undefined);
    }
    const holders = machine.keyHolders(key).filter((holder) => this.#holds(holder));
    if (!replace) {
      const holder = holders.findLast(isUnfinished) ?? holders.at(-1);
      return holder === undefined ? this.#enqueue(event, key) : duplicate(holder.id, holder);
    }
    // What a worker has cannot be taken back, and what is finished need not be: the new one comes after it.
    const waiting = holders.findLast(({ state }) => state === 'pending');
    if (waiting === undefined) return this.#enqueue(event, key);
    if (machine.family.hasChildren(waiting.id)) throw hasChildren(waiting.id, machine.family.childrenOf(waiting.id));
    this.#removed.add(waiting.id);
    return { ...this.#enqueue(event, key), status: 'replaced', replaced: waiting.id };
  }

  #enqueue(event: EnqueueEvent, key?: string): Answer {
    this.#fresh.set(event.id, event);
    if (key !== undefined) this.#freshKeys.set(key, event.id);
    return { id: event.id, status: 'enqueued' };
  }

  #holds(holder: Job): boolean {
    if (this.#removed.has(holder.id)) return false;
    return isUnfinished(holder) || (holder.special?.keyUntil ?? 0) > this.#at;
  }

  /** Removals first, then every job after its parents. Throws for parents that cannot be waited for, and circles. */
  events(): QueueEvent[] {
    const { machine } = this.#engine;
    const fresh = [...this.#fresh.values()];
    for (const event of fresh) {
      for (const parent of event.parents ?? []) {
        if (this.#fresh.has(parent)) continue;
        const known = this.#removed.has(parent) ? undefined : machine.get(parent);
        if (known === undefined) throw parentUnknown(event.id, parent);
        if (known.state === 'dead') throw parentDead(event.id, known);
      }
    }
    // What can never be before what can not be now.
    const sorted = parentsFirst(fresh);
    const max = machine.settings.limitsOf('')?.pendingMax;
    const pending = machine.counts.pending - this.#removed.size + (max === undefined ? 0 : arriving(this.#engine));
    if (max !== undefined && fresh.length > 0 && pending + fresh.length > max) throw queueFull(pending, max);
    const removals = [...this.#removed].map((id): QueueEvent => ({ type: 'REMOVE', id, at: this.#at }));
    return [...removals, ...sorted];
  }
}

function duplicate(id: string, known: Job | undefined): Answer {
  return { id, status: 'duplicate', ...(known !== undefined && { seq: known.seq }) };
}

function isUnfinished({ state }: Job): boolean {
  return state === 'pending' || state === 'in_flight';
}

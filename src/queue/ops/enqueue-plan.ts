import type { EnqueueAnswer } from '../engine-types.ts';
import type { EnqueueEvent, QueueEvent } from '../events/event-types.ts';
import type { Packed } from '../events/packed.ts';
import type { Job } from '../state/job.ts';
import type { EngineContext } from './context.ts';
import { hasChildren, parentDead, parentUnknown, queueFull } from './engine-checks.ts';
import { parentsFirst } from './parents-first.ts';
import { jobError } from './spec.ts';

/** One job of a request and what is to become of it. */
export interface EnqueueEntry {
  event: EnqueueEvent<Packed>;
  replace: boolean;
}

/** Without seq: its ENQUEUE is yet to be written. Others may be gone by the time this is answered. */
export type OpenAnswer = Omit<EnqueueAnswer, 'seq'> & { seq?: number };

/** Throws E_QUEUE_FULL when a limit of the queue does not let so many in. */
export function mustHaveRoom({ arriving, machine }: EngineContext, fresh: number, removed = 0): void {
  const max = machine.settings.limitsOf('')?.pendingMax;
  if (max === undefined || fresh === 0) return;
  let pending = machine.counts.pending - removed;
  // Those that other requests are about to enqueue.
  for (const events of arriving) if (machine.get(events[0]?.id ?? '') === undefined) pending += events.length;
  if (pending + fresh > max) throw queueFull(pending, max);
}

/** What one frame is going to hold. */
export class EnqueuePlan {
  readonly #engine: EngineContext;
  readonly #at: number;
  readonly #fresh = new Map<string, EnqueueEvent<Packed>>();
  readonly #freshKeys = new Map<string, string>();
  readonly #removed = new Set<string>();

  constructor(engine: EngineContext, at: number) {
    this.#engine = engine;
    this.#at = at;
  }

  get fresh(): readonly EnqueueEvent<Packed>[] {
    return [...this.#fresh.values()];
  }

  add({ event, replace }: EnqueueEntry): OpenAnswer {
    const { machine } = this.#engine;
    const { id, key } = event;
    const known = this.#removed.has(id) ? undefined : machine.get(id);
    if (this.#fresh.has(id) || known !== undefined) return duplicate(id, known);
    if (key === undefined) return this.#enqueue(event);
    const sibling = this.#freshKeys.get(key);
    if (sibling !== undefined) {
      if (replace) throw jobError('key', `'${key}' is there twice among jobs that replace each other`);
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

  #enqueue(event: EnqueueEvent<Packed>, key?: string): OpenAnswer {
    this.#fresh.set(event.id, event);
    if (key !== undefined) this.#freshKeys.set(key, event.id);
    return { id: event.id, status: 'enqueued' };
  }

  #holds(holder: Job): boolean {
    if (this.#removed.has(holder.id)) return false;
    return isUnfinished(holder) || (holder.special?.keyUntil ?? 0) > this.#at;
  }

  /** Removals first, then every job after its parents. Throws for parents that cannot be waited for, and circles. */
  events(): QueueEvent<Packed>[] {
    const { machine } = this.#engine;
    const { fresh } = this;
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
    mustHaveRoom(this.#engine, fresh.length, this.#removed.size);
    const removals = [...this.#removed].map((id): QueueEvent<Packed> => ({ type: 'REMOVE', id, at: this.#at }));
    return [...removals, ...sorted];
  }
}

function duplicate(id: string, known: Job | undefined): OpenAnswer {
  return { id, status: 'duplicate', ...(known !== undefined && { seq: known.seq }) };
}

function isUnfinished({ state }: Job): boolean {
  return state === 'pending' || state === 'in_flight';
}

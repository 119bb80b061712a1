import type { BulkFilter } from '../engine-types.ts';
import type { RetryEvent } from '../events/event-types.ts';
import type { DeadJob, Job } from '../state/job.ts';
import { inFrames, passes } from './bulk.ts';
import { type EngineContext, reservedKey } from './context.ts';
import { known, parentDead, wrongState } from './engine-checks.ts';

/** Dead jobs that live again, history kept: one by hand, or all that pass a filter. */

/**
 * A dead job becomes pending again, and with it those that died because it did. Without `reset` each gets one more
 * attempt. Rejects with E_JOB_UNKNOWN, with E_JOB_STATE when it is not dead or its key is another's by now, and with
 * E_PARENT_DEAD when it waits for another dead one.
 */
export async function redrive(
  engine: EngineContext,
  id: string,
  options: { reset?: boolean },
): Promise<{ seq: number; also: readonly string[] }> {
  return await engine.reserved.holdPlanned(
    () => touchedBy(family(engine, id)),
    async () => {
      const job = known(engine, id);
      if (job.state !== 'dead') throw wrongState(job, 'only dead jobs are retried by hand');
      const living = new Living(engine);
      const dead = living.deadParent(job);
      if (dead !== undefined) throw parentDead(id, dead);
      const taker = living.takerOfKey(job);
      if (taker !== undefined) throw wrongState(job, `job ${taker.id} has its key by now`);
      for (const one of family(engine, id)) living.join(one);
      const seq = await engine.commits.append(living.events(options.reset === true));
      return { seq, also: living.ids.slice(1) };
    },
  );
}

/**
 * All dead jobs that pass the filter become pending again, and with them those that died because one of them did. Who
 * waits for a job that stays dead, stays so too, and so does one whose key is another's by now: of several with one key
 * the first lives. Answers how many live again.
 */
export async function redriveAll(engine: EngineContext, filter: BulkFilter, reset: boolean): Promise<number> {
  const chosen = new Map<string, Job>();
  for (const job of engine.machine.jobs()) {
    if (job.state === 'dead' && (diedOf(job, chosen) || passes(job, filter))) chosen.set(job.id, job);
  }
  return await inFrames([...chosen.keys()], async (ids) => {
    const jobs = ids.flatMap((id) => engine.machine.get(id) ?? []);
    return await engine.reserved.hold([...new Set(touchedBy(jobs))], async () => {
      const living = new Living(engine);
      for (const id of ids) {
        const job = engine.machine.get(id);
        if (job?.state === 'dead') living.join(job);
      }
      if (living.ids.length > 0) await engine.commits.append(living.events(reset));
      return living.ids.length;
    });
  });
}

/** Their parents must not die meanwhile, their keys not be given away. */
function* touchedBy(jobs: Iterable<Job>): Generator<string> {
  for (const { id, special } of jobs) {
    yield id;
    yield* special?.parents ?? [];
    if (special?.key !== undefined) yield reservedKey(special.key);
  }
}

/** The job, and those that died of its death, whatever else keeps them from living; parents before their children. */
function family(engine: EngineContext, id: string): Iterable<Job> {
  const first = engine.machine.get(id);
  if (first?.state !== 'dead') return [];
  const chosen = new Map<string, Job>([[id, first]]);
  for (const job of engine.machine.jobs()) {
    if (job.state === 'dead' && !chosen.has(job.id) && diedOf(job, chosen)) chosen.set(job.id, job);
  }
  return chosen.values();
}

function diedOf(job: DeadJob, chosen: ReadonlyMap<string, Job>): boolean {
  return job.reason === 'parent' && (job.special?.parents ?? []).some((parent) => chosen.has(parent));
}

/** Those that live again in one frame. */
class Living {
  readonly #engine: EngineContext;
  readonly #jobs = new Map<string, Job>();
  readonly #byKey = new Map<string, Job>();

  constructor(engine: EngineContext) {
    this.#engine = engine;
  }

  get ids(): string[] {
    return [...this.#jobs.keys()];
  }

  /** Unless it waits for one that stays dead, or its key is another's. */
  join(job: Job): void {
    if (this.deadParent(job) !== undefined || this.takerOfKey(job) !== undefined) return;
    this.#jobs.set(job.id, job);
    if (job.special?.key !== undefined) this.#byKey.set(job.special.key, job);
  }

  /** A parent that stays dead. */
  deadParent(job: Job): DeadJob | undefined {
    for (const parent of job.special?.parents ?? []) {
      const found = this.#jobs.has(parent) ? undefined : this.#engine.machine.get(parent);
      if (found?.state === 'dead') return found;
    }
    return undefined;
  }

  /** Another job that has its unique key and is unfinished, or will be. */
  takerOfKey(job: Job): Job | undefined {
    const key = job.special?.key;
    if (key === undefined) return undefined;
    const unfinished = this.#engine.machine
      .keyHolders(key)
      .find(({ state }) => state === 'pending' || state === 'in_flight');
    return unfinished ?? this.#byKey.get(key);
  }

  events(reset: boolean): RetryEvent[] {
    const at = this.#engine.now();
    return this.ids.map((id) => ({ type: 'RETRY', id, at, runAt: at, reason: 'redrive', refund: false, reset }));
  }
}

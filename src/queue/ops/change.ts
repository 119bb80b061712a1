import { assert } from '../../base/errors.ts';
import type { CancelAnswer } from '../engine-types.ts';
import type { CancelEvent, RetryEvent } from '../events/event-types.ts';
import type { InFlightJob, Job } from '../state/job.ts';
import { deathOfChildren, withDescendants } from './cascade.ts';
import { type EngineContext, reservedKey } from './context.ts';
import { hasChildren, lostLease, parentDead, unknownJob, wrongState } from './engine-checks.ts';
import { type JobChange, updateEvent } from './spec.ts';

/** What people do to jobs by hand. Each rejects with E_JOB_UNKNOWN and E_JOB_STATE where the job does not allow it. */

/** Ends a job that waits or is being worked on, with all that wait for it. A runner that has it kills its process. */
export async function cancel(engine: EngineContext, id: string, why?: string): Promise<CancelAnswer> {
  return await engine.reserved.holdPlanned(
    () => withDescendants(engine, [id]),
    async () => {
      const job = known(engine, id);
      if (job.state === 'completed' || job.state === 'dead') throw wrongState(job, 'it is over already');
      if (job.state === 'in_flight' && job.cancelledAt !== undefined)
        throw wrongState(job, 'it is cancelled already, and its process is being ended');
      const at = engine.now();
      const event: CancelEvent = { type: 'CANCEL', id, at, error: why };
      const marked = job.state === 'in_flight' && job.owner.kind !== 'lease';
      const deaths = marked ? [] : deathOfChildren(engine, [event], at);
      const seq = await engine.commits.append([event, ...deaths]);
      return { seq, status: marked ? 'cancelling' : 'cancelled', alsoDead: deaths.map((death) => death.id) };
    },
  );
}

/** Changes a job that waits. Also rejects as `enqueue` does for values that are not allowed. */
export async function update(engine: EngineContext, id: string, change: JobChange): Promise<{ seq: number }> {
  return await engine.reserved.hold([id], async () => {
    const job = known(engine, id);
    if (job.state !== 'pending') throw wrongState(job, 'only a job that waits can be changed');
    const seq = await engine.commits.append([updateEvent(change, id, engine.now(), engine.options)]);
    return { seq };
  });
}

/** A job that waits for its time, or after a failure, may run now. */
export async function promote(engine: EngineContext, id: string): Promise<{ seq: number }> {
  return await engine.reserved.hold([id], async () => {
    const job = known(engine, id);
    const at = engine.now();
    if (job.state !== 'pending') throw wrongState(job, 'only a job that waits for its time can be promoted');
    if (job.runAt <= at) throw wrongState(job, 'it does not wait for its time');
    return { seq: await engine.commits.append([{ type: 'UPDATE', id, at, runAt: at }]) };
  });
}

/** Forgets one job that nobody works on and nobody waits for. */
export async function remove(engine: EngineContext, id: string): Promise<{ seq: number }> {
  return await engine.reserved.holdPlanned(
    () => withDescendants(engine, [id]),
    async () => {
      const job = known(engine, id);
      if (job.state === 'in_flight') throw wrongState(job, 'cancel it first');
      const children = engine.machine.family.childrenOf(id);
      if (children.length > 0) throw hasChildren(id, children);
      return { seq: await engine.commits.append([{ type: 'REMOVE', id, at: engine.now() }]) };
    },
  );
}

/**
 * A dead job becomes pending again, history kept, and with it those that died because it did. Without `reset` each gets
 * one more attempt. Rejects with E_PARENT_DEAD when it waits for another dead one.
 */
export async function redrive(
  engine: EngineContext,
  id: string,
  options: { reset?: boolean },
): Promise<{ seq: number; also: readonly string[] }> {
  const reset = options.reset === true;
  return await engine.reserved.holdPlanned(
    () => touchedByRedrive(engine, id),
    async () => {
      const job = known(engine, id);
      if (job.state !== 'dead') throw wrongState(job, 'only dead jobs are retried by hand');
      for (const parent of job.special?.parents ?? []) {
        const found = engine.machine.get(parent);
        if (found?.state === 'dead') throw parentDead(id, found);
      }
      const taker = takerOfKey(engine, job);
      if (taker !== undefined) throw wrongState(job, `job ${taker.id} has its key by now`);
      const at = engine.now();
      const jobs = redriven(engine, id);
      const events = jobs.map(
        (dead): RetryEvent => ({ type: 'RETRY', id: dead.id, at, runAt: at, reason: 'redrive', refund: false, reset }),
      );
      const seq = await engine.commits.append(events);
      return { seq, also: jobs.slice(1).map((one) => one.id) };
    },
  );
}

/**
 * Their parents must not die meanwhile, their keys not be given away. Also those that another dead parent keeps: it may
 * be called back at this moment, too.
 */
function* touchedByRedrive(engine: EngineContext, id: string): Generator<string> {
  yield id;
  for (const job of redriven(engine, id, () => true)) {
    yield job.id;
    yield* job.special?.parents ?? [];
    if (job.special?.key !== undefined) yield reservedKey(job.special.key);
  }
}

/** An unfinished job that took the unique key of this dead one. */
function takerOfKey({ machine }: EngineContext, job: Job): Job | undefined {
  const key = job.special?.key;
  if (key === undefined) return undefined;
  return machine.keyHolders(key).find(({ state }) => state === 'pending' || state === 'in_flight');
}

/** The job, then those that died of its death and that nothing else keeps from living; parents before children. */
function redriven(engine: EngineContext, id: string, mayLive = isFreeToLive): Job[] {
  const first = engine.machine.get(id);
  if (first?.state !== 'dead') return [];
  const chosen = new Map([[id, first as Job]]);
  for (const job of engine.machine.jobs()) {
    if (job.state !== 'dead' || job.reason !== 'parent' || chosen.has(job.id)) continue;
    const parents = job.special?.parents ?? [];
    if (parents.some((parent) => chosen.has(parent)) && mayLive(engine, job, chosen)) chosen.set(job.id, job);
  }
  return [...chosen.values()];
}

function isFreeToLive(engine: EngineContext, job: Job, chosen: ReadonlyMap<string, Job>): boolean {
  const parents = job.special?.parents ?? [];
  if (takerOfKey(engine, job) !== undefined) return false;
  return parents.every((parent) => chosen.has(parent) || engine.machine.get(parent)?.state !== 'dead');
}

/** Moves the deadline of a lease to `ms` from now. Rejects with E_LEASE_OVER. */
export async function extend(engine: EngineContext, token: string, ms: number): Promise<{ deadlineMs: number }> {
  const { id } = leased(engine, token);
  return await engine.reserved.hold([id], async () => {
    const job = leased(engine, token);
    const at = engine.now();
    assert(job.id === id, 'a token belongs to one job');
    const deadlineMs = at + ms;
    await engine.commits.append([{ type: 'EXTEND', id, at, deadlineMs }]);
    return { deadlineMs };
  });
}

/** The job that this token stands for. Throws E_LEASE_OVER when it is somebody else's by now, or finished. */
export function leased(engine: EngineContext, token: string): InFlightJob {
  const job = engine.machine.lease(token);
  if (job === undefined) throw lostLease(token);
  return job;
}

function known(engine: EngineContext, id: string): Job {
  const job = engine.machine.get(id);
  if (job === undefined) throw unknownJob(id);
  return job;
}

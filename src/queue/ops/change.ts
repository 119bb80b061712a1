import type { CancelAnswer } from '../engine-types.ts';
import type { CancelEvent } from '../events/event-types.ts';
import type { InFlightJob } from '../state/job.ts';
import { deathOfChildren, withDescendants } from './cascade.ts';
import type { EngineContext } from './context.ts';
import { hasChildren, known, lostLease, wrongState } from './engine-checks.ts';
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
    const seq = await engine.commits.append([updateEvent(change, id, engine.now(), engine.specLimits())]);
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

/** Moves the deadline of a lease to `ms` from now. Rejects with E_LEASE_OVER. */
export async function extend(engine: EngineContext, token: string, ms: number): Promise<{ deadlineMs: number }> {
  const { id } = leased(engine, token);
  return await engine.reserved.hold([id], async () => {
    // Holders make their own tokens: while this waited, theirs may have come to stand for another job.
    if (leased(engine, token).id !== id) throw lostLease(token);
    const at = engine.now();
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

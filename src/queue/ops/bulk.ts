import type { BulkFilter } from '../engine-types.ts';
import type { QueueEvent, RetryEvent } from '../events/event-types.ts';
import type { DeadJob, Job, JobState } from '../state/job.ts';
import { type EngineContext, reservedKey } from './context.ts';

/** The same done to many jobs, in frames of bounded size: a crash in between leaves some done and the rest as it was. */

const jobsPerFrame = 1000;

/**
 * All dead jobs that pass the filter become pending again, and with them those that died because one of them did. Who
 * waits for a job that stays dead, stays so too. Answers how many live again.
 */
export async function redriveAll(engine: EngineContext, filter: BulkFilter, reset: boolean): Promise<number> {
  const chosen = [...chosenDead(engine, filter)];
  return await inFrames(chosen, async (ids) => {
    const reserved = new Set<string>();
    for (const id of ids) {
      reserved.add(id);
      const { parents, key } = engine.machine.get(id)?.special ?? {};
      for (const parent of parents ?? []) reserved.add(parent);
      if (key !== undefined) reserved.add(reservedKey(key));
    }
    return await engine.reserved.hold([...reserved], async () => {
      const at = engine.now();
      const living = new Set<string>();
      for (const id of ids) {
        const job = engine.machine.get(id);
        if (job?.state === 'dead' && mayLive(engine, job, living)) living.add(id);
      }
      const events = [...living].map(
        (id): RetryEvent => ({ type: 'RETRY', id, at, runAt: at, reason: 'redrive', refund: false, reset }),
      );
      return await append(engine, events);
    });
  });
}

/** Parents before their children, as they were enqueued; those too that turn out not to be free to live. */
function chosenDead(engine: EngineContext, filter: BulkFilter): ReadonlySet<string> {
  const chosen = new Set<string>();
  for (const job of engine.machine.jobs()) {
    if (job.state !== 'dead') continue;
    const follows = job.reason === 'parent' && (job.special?.parents ?? []).some((parent) => chosen.has(parent));
    if (follows || passes(job, filter)) chosen.add(job.id);
  }
  return chosen;
}

function mayLive(engine: EngineContext, job: DeadJob, living: ReadonlySet<string>): boolean {
  const parents = job.special?.parents ?? [];
  return parents.every((parent) => living.has(parent) || engine.machine.get(parent)?.state !== 'dead');
}

/**
 * Forgets all jobs in these states that pass the filter. Those that others would wait for in vain are kept. Answers how
 * many are gone and how many were kept.
 */
export async function removeAll(
  engine: EngineContext,
  filter: BulkFilter,
  states: ReadonlySet<JobState>,
): Promise<{ removed: number; kept: number }> {
  const chosen: string[] = [];
  for (const job of engine.machine.jobs()) if (states.has(job.state) && passes(job, filter)) chosen.push(job.id);
  // Children were enqueued after their parents, and go before them.
  chosen.reverse();
  const removed = await inFrames(chosen, async (ids) => {
    return await engine.reserved.hold(ids, async () => {
      const at = engine.now();
      const going = new Set<string>();
      for (const id of ids) {
        const job = engine.machine.get(id);
        const fits = job !== undefined && job.state !== 'in_flight' && states.has(job.state);
        if (fits && engine.machine.family.childrenOf(id).every((child) => going.has(child))) going.add(id);
      }
      return await append(
        engine,
        [...going].map((id): QueueEvent => ({ type: 'REMOVE', id, at })),
      );
    });
  });
  return { removed, kept: chosen.length - removed };
}

function passes(job: Job, { name, group }: BulkFilter): boolean {
  return (name === undefined || job.options.name === name) && (group === undefined || job.options.group === group);
}

async function append(engine: EngineContext, events: readonly QueueEvent[]): Promise<number> {
  if (events.length > 0) await engine.commits.append(events);
  return events.length;
}

/** One frame after the other: the second may depend on what the first did. Answers the sum. */
async function inFrames(ids: readonly string[], frame: (ids: readonly string[]) => Promise<number>): Promise<number> {
  let done = 0;
  for (let from = 0; from < ids.length; from += jobsPerFrame) done += await frame(ids.slice(from, from + jobsPerFrame));
  return done;
}

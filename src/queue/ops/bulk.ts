import type { BulkFilter } from '../engine-types.ts';
import type { QueueEvent } from '../events/event-types.ts';
import type { Job, JobState } from '../state/job.ts';
import type { EngineContext } from './context.ts';

/** The same done to many jobs, in frames of bounded size: a crash in between leaves some done and the rest as it was. */

/** Larger ones make those wait who have a single job. */
export const jobsPerFrame = 1000;

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
      const events = [...going].map((id): QueueEvent => ({ type: 'REMOVE', id, at }));
      if (events.length > 0) await engine.commits.append(events);
      return events.length;
    });
  });
  return { removed, kept: chosen.length - removed };
}

export function passes(job: Job, { name, group }: BulkFilter): boolean {
  return (name === undefined || job.options.name === name) && (group === undefined || job.options.group === group);
}

/** One frame after the other: the second may depend on what the first did. Answers the sum. */
export async function inFrames(
  ids: readonly string[],
  frame: (ids: readonly string[]) => Promise<number>,
): Promise<number> {
  let done = 0;
  for (let from = 0; from < ids.length; from += jobsPerFrame) done += await frame(ids.slice(from, from + jobsPerFrame));
  return done;
}

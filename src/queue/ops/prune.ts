import type { PruneRequest } from '../engine-types.ts';
import type { EndedJob, EndedState } from '../state/ended.ts';
import type { EngineContext } from './context.ts';
import { endedJobs, listEvents, outlivedBy, portionAfter, pruneEvents } from './prune-plan.ts';

/** Jobs forgotten in one frame: a few milliseconds. */
const jobsPerFrame = 1000;

/**
 * Forgets finished jobs, portion by portion; answers how many. E_JOB_UNKNOWN and E_JOB_STATE for ids that are not there
 * or not finished, usageError E_PRUNE.
 */
export async function prune(engine: EngineContext, request: PruneRequest): Promise<number> {
  const { machine } = engine;
  const which = outlivedBy(machine, request);
  if (request.ids !== undefined) return await forgetIds(engine, request.ids);
  let pruned = 0;
  for (let seq = 0, last = false; !last; ) {
    const portion = portionAfter(machine, which, seq, engine.now(), jobsPerFrame);
    pruned += await forget(engine, portion.jobs, which.states);
    ({ seq, last } = portion);
  }
  return pruned;
}

async function forgetIds(engine: EngineContext, request: readonly string[]): Promise<number> {
  const ids = endedJobs(engine.machine, request).map((job) => job.id);
  if (ids.length === 0) return 0;
  return await engine.reserved.hold(ids, async () => {
    // Others may have changed something until all of them were held.
    const jobs = endedJobs(engine.machine, ids);
    await engine.commits.append(listEvents(jobs, engine.now()), ids);
    return jobs.length;
  });
}

/** Those among them that are still what they were; answers how many. `jobs` in the order in which they ended. */
export async function forget(
  engine: EngineContext,
  jobs: readonly EndedJob[],
  states: ReadonlySet<EndedState>,
): Promise<number> {
  const { machine, reserved, commits } = engine;
  const ids = jobs.map((job) => job.id);
  if (ids.length === 0) return 0;
  return await reserved.hold(ids, async () => {
    const still = jobs.filter((job) => machine.get(job.id) === job);
    const events = pruneEvents(machine, still, states, engine.now());
    if (events.length > 0) {
      await commits.append(
        events,
        still.map((job) => job.id),
      );
    }
    return still.length;
  });
}

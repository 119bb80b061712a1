import type { PruneRequest } from '../engine-types.ts';
import type { EngineContext } from './context.ts';
import { planPrune } from './prune-plan.ts';

/**
 * Forgets finished jobs; answers how many. E_JOB_UNKNOWN and E_JOB_STATE for ids that are not there or not finished.
 */
export async function prune(engine: EngineContext, request: PruneRequest): Promise<number> {
  const { machine, reserved, commits } = engine;
  const ids = planPrune(machine, request, engine.now()).jobs.map((job) => job.id);
  if (ids.length === 0) return 0;
  return await reserved.hold(ids, async () => {
    // Between planning and holding, other operations may have changed things: plan again, among the ids held.
    const { jobs, events } = planPrune(machine, request, engine.now(), new Set(ids));
    if (events.length > 0) {
      await commits.append(
        events,
        jobs.map((job) => job.id),
      );
    }
    return jobs.length;
  });
}

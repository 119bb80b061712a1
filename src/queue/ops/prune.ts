import type { PruneRequest } from '../engine-types.ts';
import type { EndedJob } from '../state/ended.ts';
import type { EngineContext } from './context.ts';
import {
  checkPrune,
  endedJobs,
  listEvents,
  type Outlived,
  outlived,
  type Portion,
  portionAfter,
  pruneEvents,
} from './prune-plan.ts';

/**
 * Forgets finished jobs, portion by portion; answers how many. E_JOB_UNKNOWN and E_JOB_STATE for ids that are not there
 * or not finished, usageError E_PRUNE.
 */
export async function prune(engine: EngineContext, request: PruneRequest): Promise<number> {
  checkPrune(request);
  if (request.ids !== undefined) return await forgetIds(engine, request.ids);
  const pass = new Pass(engine, outlived(engine.machine, request, request.states ?? ['completed']));
  let pruned = 0;
  while (!pass.isOver) pruned += await pass.forget(pass.look());
  return pruned;
}

/** Once through the finished jobs, the oldest first. */
export class Pass {
  readonly #engine: EngineContext;
  readonly #which: Outlived;
  /** How far it has come, as an end seq. */
  #seq = -1;
  /** None of these jobs is left that ended by then. */
  #clearTo = -1;
  isOver = false;

  constructor(engine: EngineContext, which: Outlived) {
    this.#engine = engine;
    this.#which = which;
  }

  /** The next portion; the one after it comes next, whatever becomes of this one. */
  look(): Portion {
    const { machine, now } = this.#engine;
    const portion = portionAfter(machine, this.#which, this.#seq, now());
    this.#seq = portion.seq;
    this.isOver = portion.last;
    return portion;
  }

  /** Those of a portion that are still what they were; answers how many. */
  async forget({ jobs, from, seq, keeps }: Portion): Promise<number> {
    const pruned = jobs.length === 0 ? 0 : await this.#forget(jobs);
    if (!keeps && this.#clearTo === from) this.#clearTo = seq;
    return pruned;
  }

  async #forget(jobs: readonly EndedJob[]): Promise<number> {
    const { machine, reserved, commits, now } = this.#engine;
    return await reserved.hold(idsOf(jobs), async () => {
      const still = jobs.filter((job) => machine.get(job.id) === job);
      const events = pruneEvents(machine, still, this.#which.states, this.#clearTo, now());
      if (events.length > 0) await commits.append(events, idsOf(still));
      return still.length;
    });
  }
}

async function forgetIds(engine: EngineContext, ids: readonly string[]): Promise<number> {
  const unique = idsOf(endedJobs(engine.machine, ids));
  if (unique.length === 0) return 0;
  return await engine.reserved.hold(unique, async () => {
    // Others may have changed something until all of them were held.
    const jobs = endedJobs(engine.machine, unique);
    await engine.commits.append(listEvents(jobs, engine.now()), unique);
    return jobs.length;
  });
}

function idsOf(jobs: readonly EndedJob[]): string[] {
  return jobs.map((job) => job.id);
}

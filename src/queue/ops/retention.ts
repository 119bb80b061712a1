import type { EngineContext } from './context.ts';
import { forget } from './prune.ts';
import { type Outlived, outlived, portionAfter } from './prune-plan.ts';

/** From the end of one pass over the finished jobs to the next one; after a pass that forgot whole portions. */
const restMs = 10_000;
const shortRestMs = 1000;
/** Between two portions of a pass. Together 100,000 jobs a second: more than end. */
const pauseMs = 10;
const jobsPerPortion = 1000;

/** Forgets finished jobs by the limits of the queue, a portion at a time: those who work hardly notice. */
export class Retention {
  readonly #engine: EngineContext;
  /** What this pass forgets, and how far it has come, as an end seq. */
  #pass: { which: Outlived; seq: number; busy: boolean } | undefined;
  #nextAt = 0;

  constructor(engine: EngineContext) {
    this.#engine = engine;
  }

  /** When the next portion is due, ms since the epoch; undefined when the queue keeps everything. */
  nextAt(now: number): number | undefined {
    if (this.#limits === undefined) return undefined;
    return Math.min(this.#nextAt, now + restMs);
  }

  /** Forgets one portion; answers how many jobs. */
  async portion(): Promise<number> {
    const engine = this.#engine;
    const limits = this.#limits;
    if (limits === undefined) {
      this.#pass = undefined;
      return 0;
    }
    this.#pass ??= { which: this.#outlived(limits), seq: 0, busy: false };
    const pass = this.#pass;
    const { jobs, seq, last, young } = portionAfter(engine.machine, pass.which, pass.seq, engine.now(), jobsPerPortion);
    pass.seq = seq;
    pass.busy ||= jobs.length === jobsPerPortion;
    const over = last || young;
    if (over) this.#pass = undefined;
    const pruned = await forget(engine, jobs, pass.which.states);
    this.#nextAt = engine.now() + (!over ? pauseMs : pass.busy ? shortRestMs : restMs);
    return pruned;
  }

  get #limits(): { keepMs?: number | undefined; keepCount?: number | undefined } | undefined {
    const limits = this.#engine.machine.settings.limitsOf('');
    return limits?.keepMs === undefined && limits?.keepCount === undefined ? undefined : limits;
  }

  #outlived({ keepMs, keepCount }: { keepMs?: number | undefined; keepCount?: number | undefined }): Outlived {
    const endedBefore = keepMs === undefined ? undefined : this.#engine.now() - keepMs;
    return outlived(this.#engine.machine, { endedBefore, keep: keepCount }, ['completed', 'dead']);
  }
}

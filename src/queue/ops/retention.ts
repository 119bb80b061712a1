import type { EngineContext } from './context.ts';
import { Pass } from './prune.ts';
import { jobsPerPrune, outlived } from './prune-plan.ts';

/** From the end of one pass over the finished jobs to the next one. */
const restMs = 10_000;
/** The same after a pass that forgot whole portions. */
const busyRestMs = 1000;
/** Between two portions of a pass. Together 100,000 jobs a second: more than end. */
const pauseMs = 10;
/** Portions without anything to forget that are looked at in one go: ten milliseconds. */
const idlePortionsMax = 10;

interface Limits {
  keepMs?: number | undefined;
  keepCount?: number | undefined;
}

/** Forgets finished jobs by the limits of the queue, a portion at a time: those who work hardly notice. */
export class Retention {
  readonly #engine: EngineContext;
  #pass: Pass | undefined;
  /** Of this pass: others begin a new one. */
  #limits: Limits = {};
  #isBusy = false;
  #nextAt = 0;

  constructor(engine: EngineContext) {
    this.#engine = engine;
  }

  /** When the next portion is due, ms since the epoch; undefined when the queue keeps everything. */
  nextAt(now: number): number | undefined {
    if (limitsOf(this.#engine) === undefined) return undefined;
    // Set right, a clock that was ahead puts nothing off.
    this.#nextAt = Math.min(this.#nextAt, now + restMs);
    return this.#nextAt;
  }

  /** Forgets one portion; answers how many jobs. */
  async portion(): Promise<number> {
    const limits = limitsOf(this.#engine);
    if (limits === undefined) return 0;
    const pass = this.#passUnder(limits);
    let portion = pass.look();
    for (
      let looks = 1;
      portion.jobs.length === 0 && !pass.isOver && !portion.young && looks < idlePortionsMax;
      looks++
    ) {
      portion = pass.look();
    }
    this.#isBusy ||= portion.jobs.length >= jobsPerPrune;
    const isOver = pass.isOver || portion.young;
    if (isOver) this.#pass = undefined;
    const rest = !isOver ? pauseMs : this.#isBusy ? busyRestMs : restMs;
    const pruned = await pass.forget(portion);
    this.#nextAt = this.#engine.now() + rest;
    return pruned;
  }

  #passUnder(limits: Limits): Pass {
    const { keepMs, keepCount } = limits;
    if (this.#pass !== undefined && this.#limits.keepMs === keepMs && this.#limits.keepCount === keepCount)
      return this.#pass;
    const { machine, now } = this.#engine;
    const endedBefore = keepMs === undefined ? undefined : now() - keepMs;
    this.#limits = { keepMs, keepCount };
    this.#isBusy = false;
    this.#pass = new Pass(this.#engine, outlived(machine, { endedBefore, keep: keepCount }, ['completed', 'dead']));
    return this.#pass;
  }
}

/** Those of them that forget something. */
function limitsOf({ machine }: EngineContext): Limits | undefined {
  const limits = machine.settings.limitsOf('');
  return limits?.keepMs === undefined && limits?.keepCount === undefined ? undefined : limits;
}

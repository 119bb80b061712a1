import { notFoundError } from '../../base/errors.ts';
import type { QueueEngine } from '../engine.ts';
import type { RunnerHolds } from '../engine-types.ts';
import { deathsIn } from '../run/deaths.ts';
import type { DrainAnswer } from '../run/operations.ts';
import type { Runner } from '../run/runner.ts';
import type { RunnerStatus } from '../run/status.ts';
import type { StartedWorker, Worker } from './worker.ts';

/** All workers of one queue of this process: to other shells they are one runner. */
export class Workers {
  readonly #all = new Map<Worker, Runner>();
  readonly sinceMs: number;
  readonly #pid: number;
  readonly #epoch: number;
  readonly #engine: QueueEngine;

  constructor(engine: QueueEngine, sinceMs: number, pid: number, epoch: number) {
    this.#engine = engine;
    this.#epoch = epoch;
    this.sinceMs = sinceMs;
    this.#pid = pid;
  }

  /** `start` makes a worker, which says when it has ended. */
  add(start: (ended: () => void) => StartedWorker): Worker {
    // Not by its `done`: whoever ignores that is to be told of what went wrong by the runtime.
    const started = start(() => void this.#all.delete(started.worker));
    this.#all.set(started.worker, started.runner);
    return started.worker;
  }

  status(): RunnerStatus {
    const each = [...this.#all.values()].map((runner) => runner.status());
    const sum = (of: (status: RunnerStatus) => number) => each.reduce((total, status) => total + of(status), 0);
    const named = each.flatMap(({ names }) => (names === undefined ? [] : [names]));
    return {
      pid: this.#pid,
      epoch: this.#epoch,
      lanes: ['handler'],
      // One that takes all jobs takes those of every name.
      ...(named.length === each.length && { names: named.flat() }),
      workers: sum(({ workers }) => workers),
      running: sum(({ running }) => running),
      active: each.flatMap(({ active }) => active),
      ...holdsOf(each),
      sinceMs: this.sinceMs,
      handler: each.map(({ handler }) => handler).join(', ') || 'a program without handlers at work',
      stopping: each.length > 0 && each.every(({ stopping }) => stopping),
    };
  }

  async drain(signal?: AbortSignal): Promise<DrainAnswer> {
    if (this.#all.size === 0) throw notFoundError('E_NO_RUNNER', 'no handler is at work on this queue');
    const runners = [...this.#all.values()];
    const wanted = runners.map((runner) => runner.wanted);
    const total = { completed: 0, dead: 0, left: 0 };
    // Several may take jobs of one name: each of them counts all of those that died.
    const uncount = this.#engine.onCommit((events) => {
      total.dead += deathsIn(events, this.#engine.machine, wanted);
    });
    const ends = await Promise.all(runners.map((runner) => runner.drain(signal))).finally(uncount);
    for (const { completed, left } of ends) {
      total.completed += completed;
      total.left += left;
    }
    const unfinished = ends.find((end) => end.unfinished !== undefined)?.unfinished;
    return { ...total, ...(unfinished !== undefined && { unfinished }) };
  }

  async stop(): Promise<void> {
    // What went wrong with a worker is told by its `done`.
    await Promise.allSettled([...this.#all.keys()].map((worker) => worker.stop()));
  }
}

/** All of them work on one engine. */
function holdsOf([first]: readonly RunnerStatus[]): RunnerHolds {
  const { groupLimit, diskFull } = first ?? {};
  return { ...(groupLimit !== undefined && { groupLimit }), ...(diskFull && { diskFull }) };
}

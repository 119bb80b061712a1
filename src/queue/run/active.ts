import type { InFlightJob } from '../job.ts';
import type { RunningAttempt } from '../process/attempt-types.ts';
import type { Handler } from './handler.ts';

/** An attempt that runs now, for people who watch. */
export interface ActiveJob {
  id: string;
  name: string;
  /** From 1. */
  attempt: number;
  /** Ms since the epoch. */
  startedAt: number;
  pid?: number;
  /** 0..1, as far as its handler said. Kept in memory only. */
  progress?: number;
}

interface Entry {
  job: InFlightJob;
  attempt: RunningAttempt;
  progress: number | undefined;
}

/** The attempts that run now, by the seq of their DISPATCH. */
export class ActiveAttempts {
  readonly #entries = new Map<number, Entry>();

  get size(): number {
    return this.#entries.size;
  }

  start(job: InFlightJob, handler: Handler, timeoutMs: number): RunningAttempt {
    let progress: number | undefined;
    let entry: Entry | undefined;
    const onProgress = (value: number) => {
      if (entry === undefined) progress = value;
      else entry.progress = value;
    };
    const attempt = handler.start(job, timeoutMs, { onProgress });
    entry = { job, attempt, progress };
    this.#entries.set(job.dispatchSeq, entry);
    return attempt;
  }

  delete(seq: number): void {
    this.#entries.delete(seq);
  }

  kill(seq: number, reason: string, now?: 'now'): void {
    this.#entries.get(seq)?.attempt.kill(reason, now);
  }

  killAll(reason: string, now?: 'now'): void {
    for (const { attempt } of this.#entries.values()) attempt.kill(reason, now);
  }

  /** In the order they were dispatched. */
  list(): ActiveJob[] {
    return [...this.#entries.values()].map(({ job, attempt, progress }) => ({
      id: job.id,
      name: job.options.name,
      attempt: job.attempt,
      startedAt: job.startedAt,
      ...(attempt.pid !== undefined && { pid: attempt.pid }),
      ...(progress !== undefined && { progress }),
    }));
  }
}

import type { AttemptHooks, RunningAttempt } from '../process/attempt-types.ts';
import type { InFlightJob } from '../state/job.ts';
import type { QueueMachine } from '../state/machine.ts';
import type { Handler } from './handler.ts';
import type { RunningJob } from './status.ts';

class Entry implements AttemptHooks {
  readonly job: InFlightJob;
  readonly attempt: RunningAttempt;
  /** 0..1, said last. */
  progress: number | undefined = undefined;
  /** The handler cannot run: that is being written down. */
  isNone = false;

  constructor(job: InFlightJob, handler: Handler, timeoutMs: number) {
    this.job = job;
    this.attempt = handler.start(job, timeoutMs, this);
  }

  onProgress(value: number): void {
    this.progress = value;
  }
}

/** The attempts a runner has under way, and the ways they are ended before their time. */
export class ActiveAttempts {
  readonly #machine: QueueMachine;
  /** By the seq of their DISPATCH. */
  readonly #running = new Map<number, Entry>();
  #stop: 'no' | 'term' | 'now' = 'no';

  constructor(machine: QueueMachine) {
    this.#machine = machine;
  }

  get size(): number {
    return this.#running.size;
  }

  /** Without those that never ran. */
  get running(): number {
    let count = 0;
    for (const { isNone } of this.#running.values()) if (!isNone) count++;
    return count;
  }

  /** Everything is to end at once. */
  get now(): 'now' | undefined {
    return this.#stop === 'now' ? 'now' : undefined;
  }

  /** One more. Was its job cancelled, or everything stopped, in the moment before, it is ended at once. */
  start(job: InFlightJob, handler: Handler, timeoutMs: number): RunningAttempt {
    const entry = new Entry(job, handler, timeoutMs);
    const { attempt } = entry;
    this.#running.set(job.dispatchSeq, entry);
    this.#apply(attempt);
    this.endCancelled(job.id);
    return attempt;
  }

  neverRan(dispatchSeq: number): void {
    const entry = this.#running.get(dispatchSeq);
    if (entry !== undefined) entry.isNone = true;
  }

  delete(dispatchSeq: number): void {
    this.#running.delete(dispatchSeq);
  }

  /** Ends the attempt of a job that is marked as cancelled. */
  endCancelled(jobId: string): void {
    const job = this.#machine.get(jobId);
    if (job?.state !== 'in_flight' || job.cancelledAt === undefined) return;
    this.#running.get(job.dispatchSeq)?.attempt.kill('cancelled');
  }

  /** All of them, and all that come. */
  stop(how: 'term' | 'now'): void {
    this.#stop = how;
    for (const { attempt } of this.#running.values()) this.#apply(attempt);
  }

  /** In the order they were dispatched. */
  list(): RunningJob[] {
    return [...this.#running.values()].map(({ job, attempt, progress }) => ({
      id: job.id,
      name: job.options.name,
      attempt: job.attempt,
      startedMs: job.startedAt,
      ...(attempt.pid !== undefined && { pid: attempt.pid }),
      ...(progress !== undefined && { progress }),
    }));
  }

  #apply(attempt: RunningAttempt): void {
    if (this.#stop !== 'no') attempt.kill('stopped', this.now);
  }
}

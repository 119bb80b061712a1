import type { QueueMachine } from '../machine.ts';
import type { RunningAttempt } from '../process/attempt-types.ts';
import type { RunningJob } from './operations.ts';

/** The attempts a runner has under way, and the ways they are ended before their time. */
export class ActiveAttempts {
  readonly #machine: QueueMachine;
  /** By the seq of their DISPATCH. */
  readonly #running = new Map<number, { jobId: string; attempt: RunningAttempt }>();
  #stop: 'no' | 'term' | 'now' = 'no';

  constructor(machine: QueueMachine) {
    this.#machine = machine;
  }

  get size(): number {
    return this.#running.size;
  }

  /** One more. Was its job cancelled, or everything stopped, in the moment before, it is ended at once. */
  add(dispatchSeq: number, jobId: string, attempt: RunningAttempt): void {
    this.#running.set(dispatchSeq, { jobId, attempt });
    this.#apply(attempt);
    this.endCancelled(jobId);
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

  /** In the order in which they began. */
  list(): RunningJob[] {
    const jobs: RunningJob[] = [];
    for (const [dispatchSeq, { jobId, attempt }] of this.#running) {
      const job = this.#machine.get(jobId);
      if (job?.state !== 'in_flight' || job.dispatchSeq !== dispatchSeq) continue;
      const { pid, progress } = attempt;
      jobs.push({
        id: jobId,
        attempt: job.attempt,
        ...(pid !== undefined && { pid }),
        startedMs: job.startedAt,
        ...(progress !== undefined && { progress }),
      });
    }
    return jobs;
  }

  /** All of them, and all that come. */
  stop(how: 'term' | 'now'): void {
    this.#stop = how;
    for (const { attempt } of this.#running.values()) this.#apply(attempt);
  }

  #apply(attempt: RunningAttempt): void {
    if (this.#stop === 'term') attempt.kill('stopped');
    else if (this.#stop === 'now') attempt.kill('stopped', 'now');
  }
}

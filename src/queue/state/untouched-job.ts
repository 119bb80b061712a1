import type { Packed } from '../events/packed.ts';
import type { JobOptions, PendingJob } from './job.ts';

/**
 * A pending job that nothing has happened to and that may run at once, as nearly all in a long queue are. What they
 * have in common is said here once, which is a third of the memory of a job spelled out.
 */
export abstract class UntouchedJob implements PendingJob {
  readonly seq: number;
  readonly options: JobOptions;

  constructor(seq: number, options: JobOptions) {
    this.seq = seq;
    this.options = options;
  }

  abstract get id(): string;
  abstract get payload(): Packed | undefined;
  abstract get createdAt(): number;

  get state(): 'pending' {
    return 'pending';
  }
  get runAt(): number {
    return this.createdAt;
  }
  get attempt(): number {
    return 0;
  }
  get crashes(): number {
    return 0;
  }
  get from(): undefined {
    return undefined;
  }
  get setback(): undefined {
    return undefined;
  }
  get special(): undefined {
    return undefined;
  }
  get timedOut(): false {
    return false;
  }
}

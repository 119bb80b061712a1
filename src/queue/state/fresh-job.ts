import type { JobOptions, PendingJob } from './job.ts';
import type { Packed } from './packed.ts';

const dayMs = 24 * 60 * 60 * 1000;

/**
 * A pending job that nothing has happened to and that may run at once, as nearly all in a long queue are. It holds what
 * differs between them; the rest is said here once, which is a third of the memory of a job spelled out.
 */
export class FreshJob implements PendingJob {
  readonly id: string;
  readonly seq: number;
  readonly options: JobOptions;
  readonly payload: Packed | undefined;
  /** `createdAt` in two parts: a number beyond 31 bits takes 16 bytes more. */
  readonly #day: number;
  readonly #msOfDay: number;

  constructor(id: string, seq: number, options: JobOptions, payload: Packed | undefined, createdAt: number) {
    this.id = id;
    this.seq = seq;
    this.options = options;
    this.payload = payload;
    this.#day = Math.floor(createdAt / dayMs);
    this.#msOfDay = createdAt % dayMs;
  }

  get state(): 'pending' {
    return 'pending';
  }
  get createdAt(): number {
    return this.#day * dayMs + this.#msOfDay;
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

import type { Packed } from '../events/packed.ts';
import type { JobOptions } from './job.ts';
import { UntouchedJob } from './untouched-job.ts';

const dayMs = 24 * 60 * 60 * 1000;

/** One that holds what differs between them. */
export class FreshJob extends UntouchedJob {
  readonly id: string;
  readonly payload: Packed | undefined;
  /** `createdAt` in two parts: a number beyond 31 bits takes 16 bytes more. */
  readonly #day: number;
  readonly #msOfDay: number;

  constructor(id: string, seq: number, options: JobOptions, payload: Packed | undefined, createdAt: number) {
    super(seq, options);
    this.id = id;
    this.payload = payload;
    this.#day = Math.floor(createdAt / dayMs);
    this.#msOfDay = createdAt % dayMs;
  }

  get createdAt(): number {
    return this.#day * dayMs + this.#msOfDay;
  }
}

import { givePayload } from '../../base/parsed.ts';
import { type InFlightJob, payloadText } from '../state/job.ts';
import type { WorkJob } from './function-types.ts';

/** What a job is to a function; goes over to a thread as it is. */
export interface PlainJob {
  id: string;
  name: string;
  payloadText: string | undefined;
  attempt: number;
  maxAttempts: number;
}

export function plainJob(job: InFlightJob): PlainJob {
  const { id, attempt, options } = job;
  return { id, name: options.name, payloadText: payloadText(job), attempt, maxAttempts: options.maxAttempts };
}

export function workJob(job: PlainJob): WorkJob {
  return givePayload(new JobAtHand(job), job.payloadText);
}

class JobAtHand implements WorkJob {
  readonly id: string;
  readonly name: string;
  readonly payloadText: string | undefined;
  readonly attempt: number;
  readonly maxAttempts: number;
  payload: unknown = undefined;

  constructor({ id, name, payloadText, attempt, maxAttempts }: PlainJob) {
    this.id = id;
    this.name = name;
    this.payloadText = payloadText;
    this.attempt = attempt;
    this.maxAttempts = maxAttempts;
  }
}

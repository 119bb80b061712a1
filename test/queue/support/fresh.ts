import { enqueueDefaults } from '../../../src/queue/events/event-types.ts';
import type { Job, JobOptions } from '../../../src/queue/state/job.ts';
import { sharedOptions } from '../../../src/queue/state/options.ts';
import { at } from './machines.ts';

/** A job that nothing has happened to, spelled out. */
export function fresh(id: string, seq: number, more: Partial<JobOptions> = {}, payload?: string, createdAt = at): Job {
  const options = sharedOptions({ ...enqueueDefaults, ...more });
  const rest = { from: undefined, attempt: 0, crashes: 0, setback: undefined, special: undefined, timedOut: false };
  return { state: 'pending', id, seq, options, payload, createdAt, runAt: createdAt, ...rest };
}

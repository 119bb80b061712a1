import type { Job } from './job.ts';

/** What a worker can run: jobs for its own handler, and jobs that bring a command. */
export type Lane = 'handler' | 'command';

export const allLanes: readonly Lane[] = ['handler', 'command'];

export function laneOf(job: Pick<Job, 'options'>): Lane {
  return job.options.command === undefined ? 'handler' : 'command';
}

/** Which jobs a worker takes. */
export interface Wanted {
  lanes: readonly Lane[];
  /** Only jobs of these names. Default all. */
  names?: ReadonlySet<string> | undefined;
}

export function wants({ lanes, names }: Wanted, job: Pick<Job, 'options'>): boolean {
  return lanes.includes(laneOf(job)) && (names?.has(job.options.name) ?? true);
}

import type { PendingJob } from './job.ts';

/** What a worker can run: jobs for its own handler, and jobs that bring a command. */
export type Lane = 'handler' | 'command';

export const allLanes: readonly Lane[] = ['handler', 'command'];

export function laneOf(job: PendingJob): Lane {
  return job.options.command === undefined ? 'handler' : 'command';
}

/** Which jobs a worker takes. */
export interface Wanted {
  lanes: readonly Lane[];
  /** Only jobs of these names. Default all. */
  names?: ReadonlySet<string> | undefined;
}

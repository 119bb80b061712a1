import { runnerName } from '../../queue/events/event-details.ts';
import type { RunnerStatus } from '../../queue/run/status.ts';
import type { QueueStatusResult } from './status.ts';

/** A runner as JSON has it: by the name that it has in events and jobs. */
export type RunnerMembers = Omit<RunnerStatus, 'epoch'> & { runner: string };

export type StatusMembers = Omit<QueueStatusResult, 'runner'> & { runner?: RunnerMembers };

export function runnerMembers({ epoch, ...members }: RunnerStatus): RunnerMembers {
  return { ...members, runner: runnerName(epoch) };
}

export function statusMembers({ runner, ...members }: QueueStatusResult): StatusMembers {
  return { ...members, ...(runner && { runner: runnerMembers(runner) }) };
}

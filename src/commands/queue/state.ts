import type { ExitCode } from '../../base/errors.ts';
import type { BulkFilter, PruneRequest } from '../../queue/engine-types.ts';
import { prunable } from '../../queue/ops/prune-plan.ts';
import type { RestingState } from '../../queue/run/operations.ts';
import type { Job } from '../../queue/state/job.ts';
import { QueueMachine } from '../../queue/state/machine.ts';
import type { LimitSet, Schedule } from '../../queue/state/settings.ts';
import { replayTo } from '../../storage/replay.ts';
import { verdictOf } from '../../storage/report.ts';
import type { CommandContext } from '../context.ts';
import { storeOfQueue } from '../store-path.ts';
import { exitOfVerdict } from '../verdict.ts';
import type { QueueLook } from './look.ts';

/** Looks at the state as the files have it, also beside a live runner: without a lock, and without writing. */

interface Read extends Pick<QueueLook, 'store' | 'seq' | 'verdict' | 'whole' | 'findings'> {
  /** Of the log: never 0 on damage. */
  exit: ExitCode;
}

/** Throws E_NO_STORE (1), E_NO_BASE (3), E_READ (74). */
async function readState(context: CommandContext): Promise<Read & { machine: QueueMachine }> {
  const store = await storeOfQueue(context);
  const { machine, seq, whole, findings } = await replayTo(context.env, store, () => new QueueMachine());
  const verdict = verdictOf(findings);
  return { store, machine, seq, verdict, whole, findings, exit: exitOfVerdict(verdict) };
}

/** Of one group, or all there are. */
export async function readLimits(context: CommandContext, group?: string): Promise<Read & { limits: LimitSet[] }> {
  const { machine, ...read } = await readState(context);
  const limits = machine.settings.limits.filter((set) => group === undefined || set.group === group);
  return { ...read, limits };
}

export async function readSchedules(context: CommandContext): Promise<Read & { schedules: Schedule[] }> {
  const { machine, ...read } = await readState(context);
  return { ...read, schedules: machine.settings.schedules };
}

/** What a prune would forget now. Throws as `prunable` does. */
export async function previewPrune(
  context: CommandContext,
  request: PruneRequest,
): Promise<Read & { completed: number; dead: number }> {
  const { machine, ...read } = await readState(context);
  const jobs = prunable(machine, request, context.env.clock.now());
  const dead = jobs.filter((job) => job.state === 'dead').length;
  return { ...read, completed: jobs.length - dead, dead };
}

/** How many jobs of each state pass: what `remove-all` would be about. */
export async function countJobs(
  context: CommandContext,
  { name, group }: BulkFilter,
): Promise<Read & { counts: Record<RestingState, number> }> {
  const { machine, ...read } = await readState(context);
  const counts = { pending: 0, completed: 0, dead: 0 };
  const passes = ({ options }: Job): boolean =>
    (name === undefined || options.name === name) && (group === undefined || options.group === group);
  for (const job of machine.jobs()) if (job.state !== 'in_flight' && passes(job)) counts[job.state]++;
  return { ...read, counts };
}

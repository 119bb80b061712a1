import type { Finding } from '../../base/finding.ts';
import type { Job, JobCounts } from '../../queue/state/job.ts';
import { verdictOf } from '../../storage/report.ts';
import type { Verdict } from '../../storage/types.ts';
import type { CommandContext } from '../context.ts';
import { openStoreTarget } from '../store-target.ts';
import type { Where } from '../where/compile.ts';
import { lookAtRunner } from './ask-runner.ts';
import { LiveQueue } from './live-queue.ts';
import { AllJobs, type Goal, type GoalResult, MatchingJobs, NamedJobs } from './wait-goals.ts';

export interface WaitRequest {
  /** None: until nothing is pending or in flight. */
  ids: readonly string[];
  /** In place of ids: until none of the jobs for which this holds is pending or in flight. */
  where?: Where<Job>;
  timeoutMs?: number;
}

export interface WaitProgress {
  counts: Readonly<JobCounts>;
  /** Of those waited for. */
  left: number;
}

export interface WaitResult extends GoalResult {
  store: string;
  /** Not finished when the time was up. */
  left: number;
  timedOut: boolean;
  verdict: Verdict;
  findings: Finding[];
}

/**
 * Watches until the jobs are finished, whoever works on them. Changes nothing and holds nothing. `progress` is called
 * when something has changed. Throws what `replayTo` throws.
 */
export async function waitForJobs(
  context: CommandContext,
  request: WaitRequest,
  progress: (progress: WaitProgress) => void,
): Promise<WaitResult> {
  const { env, signal } = context;
  const store = await openStoreTarget(context, []);
  const untilMs = env.clock.monotonic() + (request.timeoutMs ?? Number.POSITIVE_INFINITY);
  const live = new LiveQueue(env, store);
  await live.open();
  const goal = goalOf(request, live);
  if (request.where !== undefined && goal.left() === 0) context.note('no job that is pending or in flight matches');
  let told = false;
  for (;;) {
    const left = goal.left();
    progress({ counts: live.machine.counts, left });
    const leftMs = untilMs - env.clock.monotonic();
    if (left === 0 || leftMs <= 0 || signal.aborted) {
      const { findings } = live;
      return { store, ...goal.result(), left, timedOut: left > 0, verdict: verdictOf(findings), findings };
    }
    if (!told) {
      told = true;
      const { known } = await lookAtRunner(env, store);
      if (known === undefined) context.note('no runner works on this queue; waiting for one, or for take and ack');
    }
    await untilMoved(live, untilMs, signal, () => env.clock.monotonic(), goal);
  }
}

function goalOf({ ids, where }: WaitRequest, live: LiveQueue): Goal {
  if (where !== undefined) return new MatchingJobs(live, where);
  return ids.length > 0 ? new NamedJobs(live, ids) : new AllJobs(live);
}

async function untilMoved(
  live: LiveQueue,
  untilMs: number,
  signal: AbortSignal,
  now: () => number,
  goal: Goal,
): Promise<void> {
  for (;;) {
    const look = await live.advance((record) => goal.note(record));
    if (look === 'reread') goal.note();
    if (look !== 'quiet') return;
    const leftMs = untilMs - now();
    if (leftMs <= 0 || signal.aborted) return;
    await live.pause(leftMs);
  }
}

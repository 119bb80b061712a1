import type { Clock } from '../../base/clock.ts';
import { formatDuration } from '../../base/duration.ts';
import { Exit, WalqError } from '../../base/errors.ts';
import { excerpt } from '../../base/escape.ts';
import { joinSignals } from '../../base/signals.ts';
import type { QueueEngine } from '../engine.ts';
import { unknownJob } from '../ops/engine-checks.ts';
import { startTimer } from '../process/timer.ts';
import { WakeUp } from '../run/wake-up.ts';
import { type EndedJob, isEnded } from '../state/ended.ts';
import { msOf } from './job-spec.ts';
import type { Time } from './job-types.ts';
import { keepingAlive } from './keep-alive.ts';
import { checkOptions, checkSignal } from './options.ts';

export interface WaitOptions {
  /** The wait then ends with E_WAIT_TIMEOUT; 0 looks once. Default: none. */
  timeout?: Time;
  /** Ends the wait. */
  signal?: AbortSignal;
}

const optionNames: ReadonlySet<string> = new Set<keyof WaitOptions>(['timeout', 'signal']);

/** The queue whose jobs they are. */
interface WaitParts {
  engine: QueueEngine;
  env: { clock: Clock };
}

/**
 * Resolves once all these jobs are completed or dead; until then the process stays alive. Rejects with E_JOB_UNKNOWN
 * for one that is not there, also when it is removed meanwhile, with E_WAIT_TIMEOUT, with the reason of `ends` or of
 * the signal given, and with usageErrors: E_OPTION, E_DURATION.
 */
export async function waitForJobs(
  parts: WaitParts,
  ids: readonly string[],
  options: WaitOptions,
  ends: AbortSignal,
): Promise<EndedJob[]> {
  checkOptions(options, optionNames, 'waitFor');
  const { timeout, signal } = options;
  checkSignal(signal);
  const waitMs = timeout === undefined ? undefined : msOf(timeout, 'timeout');
  const joined = joinSignals(ends, signal);
  try {
    return await keepingAlive(jobsOnceEnded(parts, ids, waitMs, joined.signal));
  } finally {
    joined.release();
  }
}

async function jobsOnceEnded(
  { engine, env }: WaitParts,
  ids: readonly string[],
  waitMs: number | undefined,
  signal: AbortSignal,
): Promise<EndedJob[]> {
  const ended = new Map<string, EndedJob>();
  const wakeUp = new WakeUp();
  const left = new Set(ids);
  const wake = () => wakeUp.wake();
  const unlisten = engine.onCommit((events) => {
    if (events.some((event) => event.type === 'PRUNE' || left.has(event.id))) wake();
  });
  signal.addEventListener('abort', wake);
  const timer = waitMs === undefined ? undefined : startTimer(env.clock, waitMs, wake);
  try {
    for (;;) {
      const { version } = wakeUp;
      signal.throwIfAborted();
      for (const id of left) {
        const job = engine.machine.get(id);
        if (job === undefined) throw unknownJob(id);
        if (!isEnded(job)) continue;
        ended.set(id, job);
        left.delete(id);
      }
      if (left.size === 0) return ids.flatMap((id) => ended.get(id) ?? []);
      if (waitMs !== undefined && timer?.leftMs() === 0) throw timedOut(left, waitMs);
      await wakeUp.sleep(version);
    }
  } finally {
    timer?.cancel();
    unlisten();
    signal.removeEventListener('abort', wake);
  }
}

function timedOut(left: ReadonlySet<string>, waitMs: number): WalqError {
  const [first = ''] = left;
  const jobs = left.size === 1 ? `job '${excerpt(first)}' is` : `${left.size} jobs are`;
  const message = `${jobs} not finished after ${formatDuration(waitMs)}`;
  return new WalqError(Exit.failed, 'E_WAIT_TIMEOUT', message, { data: { left: [...left] } });
}

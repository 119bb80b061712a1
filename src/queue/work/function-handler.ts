import type { Clock } from '../../base/clock.ts';
import { parseDuration } from '../../base/duration.ts';
import { type InFlightJob, payloadText } from '../job.ts';
import type { AttemptOutcome, RunningAttempt } from '../process/attempt-types.ts';
import { startTimer } from '../process/timer.ts';
import type { AttemptVerdict } from '../process/verdict.ts';
import { clampText } from '../record.ts';
import type { Handler } from '../run/handler.ts';
import type { WorkContext, WorkFunction, WorkHandlers, WorkJob } from './function-types.ts';

const errorBytesMax = 2048;

export interface FunctionPlace {
  clock: Clock;
  /** How long a function may go on after its signal was aborted, until its attempt is given up. */
  killAfterMs: number;
  title: string;
}

/**
 * Runs jobs by functions of this process. A function that ignores its signal cannot be stopped: its attempt is given
 * up, and what it does afterwards counts for nothing.
 */
export function functionHandler(place: FunctionPlace, handlers: WorkHandlers): Handler {
  const forAll = typeof handlers === 'function' ? handlers : undefined;
  const byName = new Map<string, WorkFunction>(typeof handlers === 'function' ? [] : entriesOf(handlers));
  return {
    title: place.title,
    lanes: ['handler'],
    ...(forAll === undefined && { names: new Set(byName.keys()) }),
    start: (job, timeoutMs) => runFunction(place, forAll ?? byName.get(job.options.name), job, timeoutMs),
  };
}

function entriesOf(handlers: Readonly<Record<string, WorkFunction | undefined>>): [string, WorkFunction][] {
  return Object.entries(handlers).flatMap(([name, work]) => (work === undefined ? [] : [[name, work]]));
}

function runFunction(
  place: FunctionPlace,
  work: WorkFunction | undefined,
  job: InFlightJob,
  timeoutMs: number,
): RunningAttempt {
  const { clock, killAfterMs } = place;
  const startedMs = clock.monotonic();
  const abort = new AbortController();
  let timedOut = false;
  let killed: string | undefined;
  let giveUp: () => void = () => undefined;
  const givenUp = new Promise<'given up'>((resolve) => {
    giveUp = () => resolve('given up');
  });
  let lastTimer: ReturnType<typeof startTimer> | undefined;
  const end = (reason: string) => {
    abort.abort(new Error(reason));
    lastTimer ??= startTimer(clock, killAfterMs, giveUp);
  };
  const timeout =
    timeoutMs === 0
      ? undefined
      : startTimer(clock, timeoutMs, () => {
          timedOut = killed === undefined;
          end('the time of this attempt is up');
        });
  const context: WorkContext = {
    signal: abort.signal,
    extend: (time) => timeout?.atLeast(typeof time === 'number' ? time : parseDuration(time, 'extend')),
    progress: () => undefined,
  };
  const outcome = async (): Promise<AttemptOutcome> => {
    const said = await Promise.race([verdictOf(work, workJob(job), context), givenUp]);
    timeout?.cancel();
    lastTimer?.cancel();
    return {
      verdict: judge(said, { timedOut, killed, timeoutMs }),
      pid: undefined,
      exitCode: null,
      signal: null,
      timedOut,
      ...(killed !== undefined && { killed }),
      durationMs: clock.monotonic() - startedMs,
      output: { stdoutBytes: 0, stderrBytes: 0, tail: '' },
      ignoredLines: 0,
      leftovers: false,
    };
  };
  return {
    pid: undefined,
    done: outcome(),
    kill: (reason, now) => {
      if (!timedOut) killed ??= reason;
      end(`ended by the runner: ${reason}`);
      if (now === 'now') giveUp();
    },
  };
}

/** Success is believed even after an abort: the function had the time to finish. A timeout is not taken back. */
function judge(
  said: AttemptVerdict | 'given up',
  end: { timedOut: boolean; killed: string | undefined; timeoutMs: number },
): AttemptVerdict {
  if (end.timedOut) return { kind: 'timeout', error: `timed out after ${end.timeoutMs} ms` };
  if (said !== 'given up' && (said.kind === 'ack' || end.killed === undefined)) return said;
  return { kind: 'retry', reason: 'stopped', error: `ended by the runner: ${end.killed}` };
}

async function verdictOf(work: WorkFunction | undefined, job: WorkJob, context: WorkContext): Promise<AttemptVerdict> {
  if (work === undefined) return { kind: 'broken', error: `no function for jobs of the name ${job.name}` };
  try {
    const value = await work(job, context);
    const result = value === undefined ? undefined : JSON.stringify(value);
    return { kind: 'ack', ...(result !== undefined && { result }) };
  } catch (error) {
    return verdictOfThrow(error);
  }
}

/** By name and not by class: the handler may have its own copy of this library. */
function verdictOfThrow(error: unknown): AttemptVerdict {
  const text = clampText(error instanceof Error ? (error.stack ?? error.message) : String(error), errorBytesMax);
  if (!(error instanceof Error)) return { kind: 'retry', reason: 'failed', error: text };
  if (error.name === 'DeadError') return { kind: 'dead', reason: 'permanent', error: error.message };
  if (error.name !== 'RetryError' || !('after' in error)) return { kind: 'retry', reason: 'failed', error: text };
  const { after } = error;
  const delayMs = typeof after === 'number' ? after : typeof after === 'string' ? delayOf(after) : undefined;
  if (delayMs === undefined) return { kind: 'retry', reason: 'failed', error: text };
  return { kind: 'retry', reason: 'asked', delayMs, error: error.message };
}

function delayOf(text: string): number | undefined {
  try {
    return parseDuration(text, 'retry');
  } catch {
    return undefined;
  }
}

function workJob(job: InFlightJob): WorkJob {
  const text = payloadText(job);
  let parsed: { value: unknown } | undefined;
  return {
    id: job.id,
    name: job.options.name,
    get payload() {
      parsed ??= { value: text === undefined ? undefined : JSON.parse(text) };
      return parsed.value;
    },
    payloadText: text,
    attempt: job.attempt,
    maxAttempts: job.options.maxAttempts,
  };
}

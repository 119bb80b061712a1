import type { AttemptHooks, RunningAttempt } from '../process/attempt-types.ts';
import type { Handler } from '../run/handler.ts';
import { type InFlightJob, payloadText } from '../state/job.ts';
import { callFunction, checkedShare, extensionMs, type PlainJob, workJob, workTable } from './call.ts';
import type { WorkContext, WorkFunction, WorkHandlers } from './function-types.ts';
import { TimedAttempt, type TimedPlace } from './timed-attempt.ts';

/**
 * Runs jobs by functions of this process. A function that ignores its signal cannot be stopped: its attempt is given
 * up, and what it does afterwards counts for nothing.
 */
export function functionHandler(place: TimedPlace, title: string, handlers: WorkHandlers): Handler {
  const { names, of } = workTable(handlers);
  return {
    title,
    elsewhere: false,
    lanes: ['handler'],
    ...(names !== undefined && { names }),
    start: (job, timeoutMs, hooks) => runFunction(place, of(job.options.name), job, timeoutMs, hooks),
  };
}

function runFunction(
  place: TimedPlace,
  work: WorkFunction | undefined,
  job: InFlightJob,
  timeoutMs: number,
  hooks: AttemptHooks,
): RunningAttempt {
  const abort = new AbortController();
  let giveUp: () => void = () => undefined;
  const givenUp = new Promise<'given up'>((resolve) => {
    giveUp = () => resolve('given up');
  });
  const attempt = new TimedAttempt(place, timeoutMs, hooks, {
    abort: (reason) => abort.abort(new Error(reason)),
    giveUp: () => giveUp(),
  });
  const context: WorkContext = {
    // Made when first looked at: most functions never do.
    get signal() {
      return abort.signal;
    },
    extend: (time) => attempt.extend(extensionMs(time)),
    progress: (share) => attempt.progress(checkedShare(share)),
  };
  return attempt.running(Promise.race([callFunction(work, workJob(plainJob(job)), context), givenUp]));
}

export function plainJob(job: InFlightJob): PlainJob {
  const { id, attempt, options } = job;
  return { id, name: options.name, payloadText: payloadText(job), attempt, maxAttempts: options.maxAttempts };
}

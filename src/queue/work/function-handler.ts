import type { AttemptHooks, RunningAttempt } from '../process/attempt-types.ts';
import type { Handler } from '../run/handler.ts';
import type { InFlightJob } from '../state/job.ts';
import { callFunction, checkedShare, extensionMs } from './call.ts';
import type { WorkContext, WorkFunction, WorkHandlers } from './function-types.ts';
import { type Said, TimedAttempt, type TimedPlace, type Work } from './timed-attempt.ts';
import { plainJob, workJob } from './work-job.ts';
import { workTable } from './work-table.ts';

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
  const call = new Call();
  const attempt = new TimedAttempt(place, timeoutMs, hooks, call);
  const context: WorkContext = {
    get signal() {
      return call.signal;
    },
    extend: (time) => attempt.extend(extensionMs(time)),
    progress: (share) => attempt.progress(checkedShare(share)),
  };
  void callFunction(work, workJob(plainJob(job)), context).then(call.say);
  return attempt;
}

/** A function that is at work. */
class Call implements Work {
  readonly said: Promise<Said>;
  say: (said: Said) => void = () => undefined;
  /** Its signal, which costs as much as all the rest here, is made when first looked at: most functions never do. */
  readonly #control = new AbortController();

  constructor() {
    this.said = new Promise((resolve) => {
      this.say = resolve;
    });
  }

  get signal(): AbortSignal {
    return this.#control.signal;
  }

  abort(reason: string): void {
    this.#control.abort(new Error(reason));
  }

  giveUp(): void {
    this.say('given up');
  }
}

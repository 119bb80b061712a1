import type { AttemptHooks, RunningAttempt } from '../process/attempt-types.ts';
import { logName } from '../process/log-files.ts';
import { leaseOfRunner } from '../process/orphans.ts';
import { fileOutput } from '../process/output.ts';
import { StreamChild } from '../process/stream-child.ts';
import type { StreamJob, Unclear } from '../process/stream-job.ts';
import { WaitingAttempt } from '../process/waiting-attempt.ts';
import { type InFlightJob, payloadText } from '../state/job.ts';
import type { AttemptPlace, Handler } from './handler.ts';

export interface StreamSpec {
  /** What each child runs. */
  shell: string;
  /** Jobs at a time. */
  workers: number;
  /** Of them in one child. */
  perProcess: number;
}

/**
 * Long-lived children: each gets job after job, one line each, and answers with a verdict, one line each. There are as
 * many as the jobs at a time need; one that ended is started again for the next job.
 */
export function streamHandler(place: AttemptPlace, spec: StreamSpec): Handler {
  return new StreamHandler(place, spec);
}

/** As many as so many jobs at a time need. */
export function processesOf(workers: number, perProcess: number): number {
  return Math.ceil(workers / perProcess);
}

class StreamHandler implements Handler {
  readonly title: string;
  readonly elsewhere = true;
  readonly lanes = ['handler'] as const;
  readonly #place: AttemptPlace;
  readonly #spec: StreamSpec;
  readonly #children = new Set<StreamChild>();
  /** What was not clear about the last attempt of a job. */
  readonly #unclear = new Map<string, Unclear>();
  /** Started for one suspect alone. */
  #lone: StreamChild | undefined;
  /** Until the suspects that came before are done. */
  #line: Promise<void> = Promise.resolve();

  constructor(place: AttemptPlace, spec: StreamSpec) {
    this.#place = place;
    this.#spec = spec;
    this.title = `stream ${spec.shell}`;
  }

  start(job: InFlightJob, timeoutMs: number, hooks: AttemptHooks): RunningAttempt {
    const { storeDir, fs } = this.#place;
    const { id, attempt, dispatchSeq, options } = job;
    const output = fileOutput(fs, `${storeDir}/logs`, () => logName(id, dispatchSeq, attempt));
    const { name, maxAttempts: attemptsMax } = options;
    const unclear = this.#unclear.get(id);
    this.#unclear.delete(id);
    const missedBefore = unclear === 'missed';
    const payload = payloadText(job);
    const streamJob = { id, name, payload, attempt, attemptsMax, timeoutMs, output, missedBefore };
    if (unclear !== 'suspect') return (this.#childFor(id) ?? this.#start()).run(streamJob, hooks);
    const alone = new WaitingAttempt(this.#line, () => this.#runAlone(streamJob, hooks));
    this.#line = Promise.all([this.#line, alone.done]).then(() => undefined);
    return alone;
  }

  async close(now?: 'now'): Promise<void> {
    await Promise.all([...this.#children].map((child) => child.close(now)));
  }

  /** The one with the fewest jobs; none as long as another one may be started instead of giving it a second job. */
  #childFor(id: string): StreamChild | undefined {
    const { workers, perProcess } = this.#spec;
    let least: StreamChild | undefined;
    let staying = 0;
    for (const child of this.#children) {
      if (child === this.#lone) continue;
      if (!child.leaving) staying++;
      if (!child.takes(id)) continue;
      if (child.jobs === 0) return child;
      if (least === undefined || child.jobs < least.jobs) least = child;
    }
    return staying < processesOf(workers, perProcess) ? undefined : least;
  }

  /** In a new process: how that ends is the doing of this job. */
  #runAlone(job: StreamJob, hooks: AttemptHooks): RunningAttempt {
    const child = this.#start();
    this.#lone = child;
    const attempt = child.run(job, hooks);
    void attempt.done.then(() => child.close());
    return attempt;
  }

  #start(): StreamChild {
    const { storeDir, storeId, killAfterMs, table, clock } = this.#place;
    const variables = { WALQ_STORE: storeDir, WALQ_LEASE: leaseOfRunner(storeId) };
    const { shell, perProcess: jobsMax } = this.#spec;
    const onUnclear = (id: string, unclear: Unclear) => void this.#unclear.set(id, unclear);
    const child = new StreamChild({ shell, variables, jobsMax, onUnclear, killAfterMs, table, clock });
    this.#children.add(child);
    void child.gone.then(() => this.#children.delete(child));
    return child;
  }
}

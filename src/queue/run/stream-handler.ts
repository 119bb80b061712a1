import type { AttemptHooks, RunningAttempt } from '../process/attempt-types.ts';
import { logName } from '../process/log-files.ts';
import { leaseOfRunner } from '../process/orphans.ts';
import { fileOutput } from '../process/output.ts';
import { StreamChild } from '../process/stream-child.ts';
import { type InFlightJob, payloadText } from '../state/job.ts';
import type { AttemptPlace, Handler } from './handler.ts';

/**
 * Long-lived children: each gets job after job, one line each, and answers with a verdict, one line each. There are as
 * many as jobs run at a time; one that ended is started again for the next job.
 */
export function streamHandler(place: AttemptPlace, shell: string): Handler {
  return new StreamHandler(place, shell);
}

class StreamHandler implements Handler {
  readonly title: string;
  readonly elsewhere = true;
  readonly lanes = ['handler'] as const;
  readonly #place: AttemptPlace;
  readonly #shell: string;
  readonly #children = new Set<StreamChild>();

  constructor(place: AttemptPlace, shell: string) {
    this.#place = place;
    this.#shell = shell;
    this.title = `stream ${shell}`;
  }

  start(job: InFlightJob, timeoutMs: number, hooks: AttemptHooks): RunningAttempt {
    const { storeDir, fs } = this.#place;
    const { id, attempt, dispatchSeq, options } = job;
    const child = this.#idle() ?? this.#start();
    const output = fileOutput(fs, `${storeDir}/logs`, () => logName(id, dispatchSeq, attempt));
    const { name, maxAttempts: attemptsMax } = options;
    return child.run({ id, name, payload: payloadText(job), attempt, attemptsMax, timeoutMs, output }, hooks);
  }

  async close(now?: 'now'): Promise<void> {
    await Promise.all([...this.#children].map((child) => child.close(now)));
  }

  #idle(): StreamChild | undefined {
    for (const child of this.#children) if (child.idle) return child;
    return undefined;
  }

  #start(): StreamChild {
    const { storeDir, storeId, killAfterMs, table, clock } = this.#place;
    const variables = { WALQ_STORE: storeDir, WALQ_LEASE: leaseOfRunner(storeId) };
    const child = new StreamChild({ shell: this.#shell, variables, killAfterMs, table, clock });
    this.#children.add(child);
    void child.gone.then(() => this.#children.delete(child));
    return child;
  }
}

import type { AttemptHooks, RunningAttempt } from '../process/attempt-types.ts';
import { logName } from '../process/log-files.ts';
import { fileOutput } from '../process/output.ts';
import type { AttemptPlace, Handler } from '../run/handler.ts';
import type { InFlightJob } from '../state/job.ts';
import { WorkThread } from './thread.ts';
import { plainJob } from './work-job.ts';

/**
 * Threads that each have the module of the user in them: one job at a time in each, as many as jobs run. A job that
 * does not end, or takes all memory, costs its thread and nothing else.
 */
export class ThreadPool {
  readonly #module: string;
  readonly #variables: Readonly<Record<string, string>>;
  readonly #threads = new Set<WorkThread>();
  #names: ReadonlySet<string> | undefined;

  constructor(module: string, variables: Readonly<Record<string, string>>) {
    this.#module = module;
    this.#variables = variables;
  }

  /** Starts the first thread. Rejects with E_MODULE when the module cannot be loaded there. */
  async load(): Promise<void> {
    this.#names = await this.#start().ready;
  }

  handler(place: AttemptPlace, title: string): Handler {
    return {
      title,
      elsewhere: true,
      lanes: ['handler'],
      ...(this.#names !== undefined && { names: this.#names }),
      start: (job, timeoutMs, hooks) => this.#run(place, job, timeoutMs, hooks),
      close: () => this.close(),
    };
  }

  async close(): Promise<void> {
    await Promise.all([...this.#threads].map((thread) => thread.terminate()));
  }

  #run(place: AttemptPlace, job: InFlightJob, timeoutMs: number, hooks: AttemptHooks): RunningAttempt {
    const output = fileOutput(place.fs, `${place.storeDir}/logs`, () => logName(job.id, job.dispatchSeq, job.attempt));
    const thread = [...this.#threads].find(({ idle }) => idle) ?? this.#start();
    return thread.run(place, plainJob(job), timeoutMs, output, hooks);
  }

  #start(): WorkThread {
    const thread = new WorkThread(this.#module, this.#variables);
    this.#threads.add(thread);
    void thread.gone.then(() => this.#threads.delete(thread));
    return thread;
  }
}

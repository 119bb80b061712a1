import { setMaxListeners } from 'node:events';
import { Exit, WalqError } from '../base/errors.ts';
import type { RawJson } from '../base/raw-json.ts';
import { joinSignals } from '../base/signals.ts';
import type { Store } from '../storage/store.ts';
import type { CheckpointResult, RecoveryReport, StorageEnv } from '../storage/types.ts';
import { type BatchOptions, batchesOf } from './api/batches.ts';
import { type EventOptions, eventStream } from './api/event-stream.ts';
import { jobInfo, jobInfos, type ListFilter, leasedJobs } from './api/job-info.ts';
import {
  type FailOptions,
  failureOf,
  type PruneSettings,
  pruneOf,
  type RetryOptions,
  retryOf,
} from './api/job-options.ts';
import { changeOf, msOf, noOptions, specOf } from './api/job-spec.ts';
import type { EnqueueOptions, JobChanges, JobInfo, LeasedJob, NameOf, NewJob, Time } from './api/job-types.ts';
import { jsonOf } from './api/json-of.ts';
import type { LogEvent } from './api/log-event.ts';
import { type LimitSettings, limitsOf, type ScheduleSettings, scheduleOf, scopeOf } from './api/settings.ts';
import { leaseRequestOf, type TakeOptions } from './api/take-options.ts';
import { type WaitOptions, waitForJobs } from './api/wait-for.ts';
import { startWorker, type Worker, type WorkOptions } from './api/worker.ts';
import type { Workers } from './api/workers.ts';
import type { QueueEngine } from './engine.ts';
import type { AckAnswer, CancelAnswer, EnqueueAnswer, FailAnswer, QueueStatus } from './engine-types.ts';
import type { PauseScope } from './events/setting-types.ts';
import type { QueueMetrics } from './metrics/queue-metrics.ts';
import type { LocalOps } from './run/local-ops.ts';
import type { JobCounts } from './state/job.ts';
import type { QueueMachine } from './state/machine.ts';
import { functionHandler } from './work/function-handler.ts';
import type { WorkHandlers } from './work/function-types.ts';

/** What `openQueue` puts together. */
export interface QueueParts {
  env: StorageEnv;
  store: Store<QueueMachine>;
  engine: QueueEngine;
  ops: LocalOps;
  workers: Workers;
  metrics: QueueMetrics;
  /** Stops listening, answers everything accepted, and frees the lock, whatever fails on the way. */
  close(): Promise<void>;
}

/**
 * A durable job queue in a folder. Every answer comes after the disk has it. Close it, or declare it with `await
 * using`. `Payloads` maps names of jobs to what they carry.
 *
 * All methods that write reject with E_NO_SPACE (nothing happened), E_POISONED, E_DURABILITY_UNKNOWN, E_CLOSED besides
 * what stands at each.
 */
export class Queue<Payloads extends object = Record<string, unknown>> {
  /** What opening found and set right. */
  readonly recovery: RecoveryReport;
  readonly #parts: QueueParts;
  /** Fires when the queue is closed or its log has failed: whoever waits then waits no longer. */
  readonly #ends = new AbortController();
  #closing: Promise<void> | undefined;

  constructor(parts: QueueParts) {
    this.#parts = parts;
    this.recovery = parts.store.recovery;
    // Every `take` that waits listens; so many of them are consumers, and no leak.
    setMaxListeners(0, this.#ends.signal);
    const { failed } = parts.store;
    failed.addEventListener('abort', () => this.#ends.abort(failed.reason), { once: true });
  }

  /**
   * Puts a job into the queue; resolves when it is on disk. Start many without awaiting: they share syncs. The payload
   * is any JSON value, or `rawJson(text)`. Rejects with E_JOB, E_JSON..., E_BACKOFF, E_DURATION for what is not
   * allowed, E_PARENT_UNKNOWN, E_PARENT_DEAD, E_QUEUE_FULL.
   */
  enqueue<Name extends NameOf<Payloads>>(
    name: Name,
    ...rest: undefined extends Payloads[Name]
      ? [payload?: Payloads[Name] | RawJson, options?: EnqueueOptions]
      : [payload: Payloads[Name] | RawJson, options?: EnqueueOptions]
  ): Promise<EnqueueAnswer>;
  enqueue(name: string, payload?: unknown, options: EnqueueOptions = noOptions): Promise<EnqueueAnswer> {
    // No promise of our own around that of the engine: there may be a million of them.
    try {
      return this.#parts.engine.enqueue(specOf(name, payload, options));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Puts many jobs into the queue, in batches of which each goes in whole or not at all. Rejects as `enqueue` does, and
   * with E_OPTION; the batches before are then in the queue.
   */
  async enqueueMany(
    jobs: Iterable<NewJob<Payloads>> | AsyncIterable<NewJob<Payloads>>,
    options: BatchOptions = {},
  ): Promise<Record<EnqueueAnswer['status'], number>> {
    const counts = { enqueued: 0, duplicate: 0, replaced: 0 };
    for await (const specs of batchesOf(jobs as Iterable<NewJob>, options)) {
      const answers = await this.#parts.engine.enqueueMany(specs);
      for (const { status } of answers) counts[status]++;
      options.answered?.(answers);
    }
    return counts;
  }

  /**
   * Runs jobs by functions of this process: one for all, or one for each name. First it takes back what a dead runner
   * left. Schedules fire, and expiry and retention are looked after, while a worker is at work. Throws E_CLOSED, E_JOB
   * for handlers that are none, E_OPTION, E_DURATION.
   */
  work(handlers: WorkHandlers<Payloads>, options: WorkOptions = {}): Worker {
    if (this.#closing !== undefined) throw closed();
    const { env, workers } = this.#parts;
    const handlerOf = (killAfterMs: number) =>
      functionHandler({ clock: env.clock, killAfterMs }, 'functions', handlers as WorkHandlers);
    return workers.add((ended) => startWorker(this.#parts, handlerOf, options, ended));
  }

  /**
   * Leases up to `count` due jobs (default 1) to the caller for `lease` (default 5 minutes); a job not acknowledged by
   * then goes to somebody else. `wait`: how long to wait for the first job (default: not at all); when `signal` fires,
   * or the queue is closed meanwhile, it resolves to []. Also rejects with E_OPTION, E_JOB for a count that is none,
   * E_DURATION.
   */
  take<Name extends NameOf<Payloads>>(options: TakeOptions<Name> = {}): Promise<LeasedJob<Pick<Payloads, Name>>[]> {
    try {
      const request = leaseRequestOf(options);
      // Whoever takes in a loop would go round for ever, with no job and no word of why.
      this.#ends.signal.throwIfAborted();
      const { wait = 0, signal } = options;
      const waitMs = msOf(wait, 'wait');
      const ends = joinSignals(this.#ends.signal, signal);
      const taken = this.#parts.ops.take(request, waitMs, ends.signal);
      const jobs = taken.then(leasedJobs<Pick<Payloads, Name>>);
      return signal === undefined ? jobs : jobs.finally(ends.release);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** A job taken is done. `result` is any JSON value, or `rawJson(text)`. Rejects with E_LEASE_OVER. */
  ack(token: string, result?: unknown): Promise<AckAnswer> {
    try {
      return this.#parts.ops.ack(token, jsonOf(result, 'result'));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * A job taken has failed: it is retried by its backoff, or after `delay`; `dead` says why no attempt is of any use
   * any more. Rejects with E_LEASE_OVER, E_OPTION.
   */
  async fail(token: string, failure: FailOptions = {}): Promise<FailAnswer & { id: string }> {
    return await this.#parts.ops.call('fail', { token, ...failureOf(failure) });
  }

  /** A lease ends this long from now. Rejects with E_LEASE_OVER. */
  async extend(token: string, time: Time): Promise<{ deadlineMs: number }> {
    return await this.#parts.ops.call('extend', { token, ms: msOf(time, 'extend', 1) });
  }

  /** A job as of now; undefined when it is not there, or no longer. */
  get(id: string): JobInfo<Payloads> | undefined {
    const job = this.#parts.store.machine.get(id);
    return job && jobInfo(job);
  }

  /** Jobs as of now, in the order they were enqueued. Throws E_OPTION for a filter that is none. */
  list(filter: ListFilter = {}): JobInfo<Payloads>[] {
    return jobInfos(this.#parts.store.machine.jobs(), filter);
  }

  /** Jobs by state. */
  counts(): JobCounts {
    return { ...this.#parts.store.machine.counts };
  }

  /** What waits and what works, as of now: counts, pauses, times. */
  status(): QueueStatus {
    return this.#parts.engine.status();
  }

  /** What `walq queue run --metrics` answers with: docs/metrics.md. */
  metrics(): Promise<string> {
    return this.#parts.metrics.text();
  }

  /**
   * Resolves once the job is completed or dead; of several, once all are, in the order of the ids. Until then the
   * process stays alive. Rejects with E_JOB_UNKNOWN, with E_WAIT_TIMEOUT after `timeout`, and with the reason of
   * `signal` when that fires.
   */
  waitFor(id: string, options?: WaitOptions): Promise<JobInfo<Payloads>>;
  waitFor(ids: readonly string[], options?: WaitOptions): Promise<JobInfo<Payloads>[]>;
  async waitFor(ids: string | readonly string[], options: WaitOptions = {}): Promise<unknown> {
    const jobs = await waitForJobs(this.#parts, [ids].flat(), options, this.#ends.signal);
    const infos = jobs.map((job) => jobInfo(job));
    return typeof ids === 'string' ? infos[0] : infos;
  }

  /**
   * Every event of the log from seq `from` on, then those that come; default: those that come. It ends at once,
   * whatever is still to be read, when `signal` fires, the queue is closed or the loop is left; while it waits, the
   * process stays alive. Throws E_SEQ_RANGE when compaction has dropped `from`, and E_OPTION.
   */
  events(options: EventOptions = {}): AsyncGenerator<LogEvent> {
    return eventStream(this.#parts, options, this.#ends.signal);
  }

  /** Ends a job that waits or is worked on, with all that wait for it. E_JOB_UNKNOWN, E_JOB_STATE. */
  cancel(id: string, why?: string): Promise<CancelAnswer> {
    return this.#parts.engine.cancel(id, why);
  }

  /** Changes a job that waits. E_JOB_UNKNOWN, E_JOB_STATE, and as `enqueue`. */
  async update(id: string, changes: JobChanges): Promise<{ seq: number }> {
    return await this.#parts.engine.update(id, changeOf(changes));
  }

  /** A job that waits for its time may run now. E_JOB_UNKNOWN, E_JOB_STATE. */
  promote(id: string): Promise<{ seq: number }> {
    return this.#parts.engine.promote(id);
  }

  /** Forgets a job that nobody works on. E_JOB_UNKNOWN, E_JOB_STATE, E_HAS_CHILDREN. */
  remove(id: string): Promise<{ seq: number }> {
    return this.#parts.engine.remove(id);
  }

  /** A dead job lives again, with those that died of its death. E_JOB_STATE, E_OPTION. */
  async retry(id: string, options: RetryOptions = {}): Promise<{ seq: number; also: readonly string[] }> {
    return await this.#parts.engine.redrive(id, retryOf(options));
  }

  /** No job of this scope is begun until `resume`: of the queue, of one name, or of one group. E_OPTION. */
  async pause(scope: PauseScope = {}, reason?: string): Promise<{ seq: number }> {
    return await this.#parts.engine.pause(scopeOf(scope, 'pause'), reason);
  }

  /** Ends exactly this pause. E_OPTION. */
  async resume(scope: PauseScope = {}): Promise<void> {
    await this.#parts.engine.resume(scopeOf(scope, 'resume'));
  }

  /** Sets limits of a group or of the queue; 0 takes one away. They last until they are set anew. E_FIELD, E_OPTION. */
  async limit(limits: LimitSettings): Promise<{ seq?: number }> {
    return await this.#parts.engine.limit(limitsOf(limits));
  }

  /** Adds or replaces a schedule. E_SCHEDULE, E_OPTION, and as `enqueue` for its job. */
  async schedule(id: string, settings: ScheduleSettings<Payloads>): Promise<{ seq: number }> {
    return await this.#parts.engine.schedule(scheduleOf(id, settings as ScheduleSettings));
  }

  /** E_SCHEDULE_UNKNOWN. */
  unschedule(id: string): Promise<{ seq: number }> {
    return this.#parts.engine.unschedule(id);
  }

  /** Forgets finished jobs; answers how many. E_JOB_UNKNOWN, E_JOB_STATE, E_PRUNE, E_OPTION. */
  async prune(settings: PruneSettings): Promise<number> {
    return await this.#parts.engine.prune(pruneOf(settings, this.#parts.env.clock.now()));
  }

  /** Writes a snapshot and removes the log it covers. */
  snapshot(): Promise<CheckpointResult> {
    return this.#parts.store.checkpoint();
  }

  /** Stops all workers, lets operations under way finish, and closes the store. Jobs taken stay so. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(): Promise<void> {
    await this.#parts.workers.stop();
    this.#ends.abort(closed());
    await this.#parts.close();
  }
}

function closed(): WalqError {
  return new WalqError(Exit.bug, 'E_CLOSED', 'the queue is closed');
}

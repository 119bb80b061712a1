import { TokenSource } from '../base/token.ts';
import { UuidSource } from '../base/uuid.ts';
import type {
  AckAnswer,
  AttemptRef,
  BulkFilter,
  CancelAnswer,
  CommitListener,
  DispatchRequest,
  EngineOptions,
  EngineParts,
  EnqueueAnswer,
  FailAnswer,
  ForgetListener,
  Lease,
  LeaseRequest,
  PruneRequest,
  QueueStatus,
  RunnerHolds,
  ScheduleSpec,
  SweepAnswer,
} from './engine-types.ts';
import type { LimitEvent, PauseScope } from './events/setting-types.ts';
import { ack } from './ops/ack.ts';
import { Arrivals } from './ops/arrivals.ts';
import { removeAll } from './ops/bulk.ts';
import * as change from './ops/change.ts';
import { Commits } from './ops/commits.ts';
import type { EngineContext } from './ops/context.ts';
import { dispatch, lease } from './ops/dispatch.ts';
import { enqueueMany, enqueueOne } from './ops/enqueue.ts';
import { abandoned, fail, giveBack, reclaim, timeout } from './ops/fail.ts';
import type { Failure } from './ops/policy.ts';
import { prune } from './ops/prune.ts';
import { Rates } from './ops/rates.ts';
import { redrive, redriveAll } from './ops/redrive.ts';
import { Reservations } from './ops/reservations.ts';
import * as settings from './ops/settings.ts';
import { defaultPayloadBytesMax, type JobChange, type JobSpec, type SpecLimits } from './ops/spec.ts';
import { Sweeps } from './ops/sweeps.ts';
import type { InFlightJob, JobState } from './state/job.ts';
import type { QueueMachine } from './state/machine.ts';

const defaultCrashesMax = 3;
const defaultResultBytesMax = 64 * 1024;

/**
 * The operations of the queue; what each does stands in `ops/`. Each one: hold its ids, validate against the state,
 * append its events as one frame, and answer once they are durable and applied. Start many without awaiting: they share
 * syncs. An operation that concerns an id in use waits for it, then validates.
 *
 * Besides their own codes all of them reject with what the log says: E_NO_SPACE (nothing happened), E_POISONED,
 * E_DURABILITY_UNKNOWN, E_CLOSED. Opening and closing an engine changes no job; only `reclaim` deals with what a dead
 * runner left, and only `sweep` with what is due by the clock.
 */
export class QueueEngine {
  readonly machine: QueueMachine;
  readonly #context: EngineContext;
  readonly #sweeps: Sweeps;

  constructor(parts: EngineParts, options: EngineOptions = {}) {
    const { machine, log, clock, random } = parts;
    const groupLimit = options.groupLimit ?? Number.POSITIVE_INFINITY;
    this.machine = machine;
    const rates = new Rates(clock, machine.settings);
    this.#context = {
      machine,
      log,
      commits: new Commits(log, clock, parts.onStall),
      reserved: new Reservations(),
      rates,
      arriving: new Arrivals(),
      ids: new UuidSource(random),
      tokens: new TokenSource(random),
      clock,
      random,
      options: {
        payloadBytesMax: options.payloadBytesMax ?? defaultPayloadBytesMax,
        resultBytesMax: options.resultBytesMax ?? defaultResultBytesMax,
        crashesMax: options.crashesMax ?? defaultCrashesMax,
        groupLimit,
      },
      onLeftOut: parts.onLeftOut,
      specLimits: () => specLimits(this.#context),
      now: () => Math.max(0, Math.floor(clock.now())),
    };
    this.#sweeps = new Sweeps(this.#context);
    const catchUp = () => {
      if (machine.ready.catchUp(this.#context.now())) setImmediate(catchUp);
    };
    machine.ready.onBehind = () => setImmediate(catchUp);
    machine.ready.gate = {
      mayGo: (group, inFlight) =>
        group === '' ||
        ((machine.settings.limitsOf(group)?.concurrency !== undefined || inFlight < groupLimit) && rates.allows(group)),
    };
  }

  /**
   * Resolves when the job is on disk, or at once known as a duplicate that is. Rejects with E_JOB, E_BACKOFF, E_JSON...
   * for a bad spec, E_PARENT_UNKNOWN, E_PARENT_DEAD, E_QUEUE_FULL.
   */
  enqueue(spec: JobSpec): Promise<EnqueueAnswer> {
    return enqueueOne(this.#context, spec);
  }

  /** All in one frame, or none. Also rejects with E_CYCLE. Answers in the order of the specs. */
  enqueueMany(specs: readonly JobSpec[]): Promise<EnqueueAnswer[]> {
    return enqueueMany(this.#context, specs);
  }

  /** The next due job, in flight; undefined when none may go now. */
  dispatch(request: DispatchRequest = {}): Promise<InFlightJob | undefined> {
    return dispatch(this.#context, request);
  }

  /** Due jobs for a holder outside, each until its deadline; an empty list when none may go now. */
  lease(request: LeaseRequest): Promise<Lease[]> {
    return lease(this.#context, request);
  }

  /** The attempt that a token stands for. Throws E_LEASE_OVER. */
  leased(token: string): AttemptRef {
    return change.leased(this.#context, token);
  }

  /** Moves the deadline of a lease to `ms` from now. Rejects with E_LEASE_OVER. */
  extend(token: string, ms: number): Promise<{ deadlineMs: number }> {
    return change.extend(this.#context, token, ms);
  }

  /** Success. `result` is JSON text. Rejects with E_ATTEMPT_OVER when it is not the job's current attempt any more. */
  ack(ref: AttemptRef, outcome: { result?: string; durationMs?: number } = {}): Promise<AckAnswer> {
    return ack(this.#context, ref, outcome);
  }

  /** RETRY with backoff, or DEAD when the attempts are used up or `failure.dead` says so. E_ATTEMPT_OVER. */
  fail(ref: AttemptRef, failure: Failure = {}): Promise<FailAnswer> {
    return fail(this.#context, ref, failure);
  }

  /** The attempt ran into its timeout. E_ATTEMPT_OVER. */
  timeout(ref: AttemptRef, failure: Omit<Failure, 'reason'> = {}): Promise<FailAnswer> {
    return timeout(this.#context, ref, failure);
  }

  /** The job goes back untouched, its attempt does not count ('stopped', 'handler', ...). E_ATTEMPT_OVER. */
  giveBack(ref: AttemptRef, why: { reason: string; error?: string; delayMs?: number }): Promise<FailAnswer> {
    return giveBack(this.#context, ref, why);
  }

  /** Jobs in flight of runners that are dead. */
  abandoned(): InFlightJob[] {
    return abandoned(this.#context);
  }

  /** Those become pending again, or dead after too many crashes. First deal with the children of the runners. */
  reclaim(epochs?: ReadonlySet<number>): Promise<FailAnswer[]> {
    return reclaim(this.#context, epochs);
  }

  /** Ends a job that waits or is worked on, with all that wait for it. E_JOB_UNKNOWN, E_JOB_STATE. */
  cancel(id: string, why?: string): Promise<CancelAnswer> {
    return change.cancel(this.#context, id, why);
  }

  /** Changes a job that waits. E_JOB_UNKNOWN, E_JOB_STATE, and as `enqueue` for values that are not allowed. */
  update(id: string, changes: JobChange): Promise<{ seq: number }> {
    return change.update(this.#context, id, changes);
  }

  /** A job that waits for its time may run now. E_JOB_UNKNOWN, E_JOB_STATE. */
  promote(id: string): Promise<{ seq: number }> {
    return change.promote(this.#context, id);
  }

  /** Forgets a job that nobody works on. E_JOB_UNKNOWN, E_JOB_STATE, E_HAS_CHILDREN. */
  remove(id: string): Promise<{ seq: number }> {
    return change.remove(this.#context, id);
  }

  /** A dead job lives again, with those that died of its death. E_JOB_UNKNOWN, E_JOB_STATE, E_PARENT_DEAD. */
  redrive(id: string, options: { reset?: boolean } = {}): Promise<{ seq: number; also: readonly string[] }> {
    return redrive(this.#context, id, options);
  }

  /** `redrive` of all dead jobs that pass; answers how many live again. */
  redriveAll(filter: BulkFilter = {}, reset = false): Promise<number> {
    return redriveAll(this.#context, filter, reset);
  }

  /** `remove` of all jobs in these states that pass and that nobody else waits for. */
  removeAll(states: readonly JobState[], filter: BulkFilter = {}): Promise<{ removed: number; kept: number }> {
    return removeAll(this.#context, filter, new Set(states));
  }

  /** Forgets finished jobs; answers how many. E_JOB_UNKNOWN, E_JOB_STATE, E_PRUNE. */
  prune(request: PruneRequest): Promise<number> {
    return prune(this.#context, request);
  }

  /** No job of this scope is begun until `resume`. */
  pause(scope: PauseScope = {}, reason?: string): Promise<{ seq: number }> {
    return settings.pause(this.#context, scope, reason);
  }

  /** Ends exactly this pause. Answers without a seq when there is none. */
  resume(scope: PauseScope = {}): Promise<{ seq?: number }> {
    return settings.resume(this.#context, scope);
  }

  /** Sets limits of a group or of the queue ('' as group); 0 takes one away. No seq: they stand so. E_FIELD, E_JOB. */
  limit(limits: Omit<LimitEvent, 'type' | 'id' | 'at' | 'from' | 'extra'>): Promise<{ seq?: number }> {
    return settings.limit(this.#context, limits);
  }

  /** Adds or replaces a schedule. E_SCHEDULE, and as `enqueue` for its job. */
  schedule(spec: ScheduleSpec): Promise<{ seq: number }> {
    return settings.schedule(this.#context, spec);
  }

  /** E_SCHEDULE_UNKNOWN. */
  unschedule(id: string): Promise<{ seq: number }> {
    return settings.unschedule(this.#context, id);
  }

  /** What is due by the clock. `upSinceMs`: schedules missed what came before it. */
  sweep(upSinceMs: number): Promise<SweepAnswer> {
    return this.#sweeps.sweep(upSinceMs);
  }

  /** When there is something to sweep next, ms since the epoch; expired jobs apart, which `dispatch` sees too. */
  sweepAt(): number | undefined {
    return this.#sweeps.nextAt();
  }

  /** When `dispatch` or `sweep` may find something new although nothing happened, ms since the epoch. */
  nextDueAt(): number | undefined {
    const { rates } = this.#context;
    const now = this.#context.now();
    const dueAt = this.machine.ready.nextDueAt();
    // What is due and may not go before the rate of the queue lets it is no reason to look earlier.
    const isHeld = dueAt !== undefined && dueAt <= now && !rates.allows('');
    const rate = rates.waitMs();
    const times = [isHeld ? undefined : dueAt, this.sweepAt(), rate === undefined ? rate : now + rate];
    const next = Math.min(...times.map((time) => time ?? Number.POSITIVE_INFINITY));
    return Number.isFinite(next) ? next : undefined;
  }

  status(): QueueStatus {
    const { machine, log, commits } = this.#context;
    const delayed = machine.ready.delayedCount(this.#context.now());
    const blocked = machine.family.size;
    return {
      counts: { ...machine.counts },
      ready: machine.counts.pending - delayed - blocked,
      delayed,
      blocked,
      nextDueAt: machine.ready.nextDueAt(),
      totals: { ...machine.totals },
      seqLast: log.seqLast,
      stalled: commits.stalled,
    };
  }

  /** What holds dispatch back beside the state; members that hold nothing are absent. */
  get holds(): RunnerHolds {
    const { commits, options } = this.#context;
    const { groupLimit } = options;
    return { ...(Number.isFinite(groupLimit) && { groupLimit }), ...(commits.stalled > 0 && { diskFull: true }) };
  }

  /** Calls `listener` after every operation; the answer ends that. */
  onCommit(listener: CommitListener): () => void {
    return this.#context.commits.listen(listener);
  }

  /** Calls `listener` for every job that the queue forgets; the answer ends that. */
  onForgotten(listener: ForgetListener): () => void {
    return this.#context.commits.listenForgotten(listener);
  }

  /** Resolves when no operation is under way. */
  idle(): Promise<void> {
    return this.#context.reserved.idle();
  }

  /** Outcomes waiting for a full disk give up with E_NO_SPACE, within a second; then `idle`. The log stays open. */
  async stop(): Promise<void> {
    this.#context.commits.stop();
    await this.idle();
  }
}

/** The limit of the queue, where it is the lower one. */
function specLimits({ machine, options }: EngineContext): SpecLimits {
  const limit = machine.settings.limitsOf('')?.payloadBytesMax;
  return limit === undefined || limit > options.payloadBytesMax ? options : { payloadBytesMax: limit };
}

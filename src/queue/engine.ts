import { assert } from '../base/errors.ts';
import { UuidSource } from '../base/uuid.ts';
import { Commits } from './commits.ts';
import { attemptOf, failAnswer, lostAttempt, resultBytes, unknownJob, wrongState } from './engine-checks.ts';
import type {
  AckAnswer,
  AttemptRef,
  CommitListener,
  DispatchRequest,
  EngineOptions,
  EngineParts,
  EnqueueAnswer,
  FailAnswer,
  PruneRequest,
  QueueStatus,
} from './engine-types.ts';
import type { DispatchEvent, EnqueueEvent, RetryEvent } from './event-types.ts';
import type { InFlightJob, PendingJob } from './job.ts';
import type { QueueLog } from './log.ts';
import type { QueueMachine } from './machine.ts';
import { type Failure, judgeCrash, judgeFailure } from './policy.ts';
import { planPrune } from './prune.ts';
import { allLanes } from './ready.ts';
import { Reservations } from './reservations.ts';
import { defaultPayloadBytesMax, enqueueEvent, type JobSpec } from './spec.ts';

const defaultCrashesMax = 3;
const defaultResultBytesMax = 64 * 1024;
/** Crash requeues that share one frame. */
const reclaimBatch = 1000;

/**
 * The operations of the queue. Each one: hold its ids, validate against the state, append its events as one frame, and
 * answer once they are durable and applied. Start many without awaiting: they share syncs. An operation that concerns
 * an id in use waits for it, then validates.
 *
 * Besides their own codes all of them reject with what the log says: E_NO_SPACE (nothing happened), E_POISONED,
 * E_DURABILITY_UNKNOWN, E_CLOSED. Opening and closing an engine changes no job; only `reclaim` deals with what a dead
 * runner left.
 */
export class QueueEngine {
  readonly machine: QueueMachine;
  readonly #log: QueueLog;
  readonly #parts: EngineParts;
  readonly #options: Required<EngineOptions>;
  readonly #ids: UuidSource;
  readonly #reserved = new Reservations();
  readonly #commits: Commits;

  constructor(parts: EngineParts, options: EngineOptions = {}) {
    this.machine = parts.machine;
    this.#log = parts.log;
    this.#commits = new Commits(parts.log, parts.clock, parts.onStall);
    this.#parts = parts;
    this.#ids = new UuidSource(parts.clock, parts.random);
    this.#options = {
      payloadBytesMax: options.payloadBytesMax ?? defaultPayloadBytesMax,
      resultBytesMax: options.resultBytesMax ?? defaultResultBytesMax,
      crashesMax: options.crashesMax ?? defaultCrashesMax,
    };
  }

  /**
   * Resolves when the job is on disk, or at once known as a duplicate that is. Rejects with E_JOB, E_BACKOFF, E_JSON...
   * for a bad spec.
   */
  async enqueue(spec: JobSpec): Promise<EnqueueAnswer> {
    const [answer] = await this.enqueueMany([spec]);
    assert(answer, 'one spec has one answer');
    return answer;
  }

  /**
   * All of them in one frame, or none: one bad spec rejects the whole. Of two with the same id the second is a
   * duplicate.
   */
  async enqueueMany(specs: readonly JobSpec[]): Promise<EnqueueAnswer[]> {
    const at = this.#now();
    const events = specs.map((spec) => enqueueEvent(spec, spec.id ?? this.#ids.next(), at, this.#options));
    const ids = [...new Set(events.map((event) => event.id))];
    return this.#reserved.hold(ids, async () => {
      const fresh = new Map<string, EnqueueEvent>();
      for (const event of events) {
        if (!fresh.has(event.id) && this.machine.get(event.id) === undefined) fresh.set(event.id, event);
      }
      if (fresh.size > 0) await this.#commits.append([...fresh.values()]);
      return events.map((event) => {
        const seq = this.machine.get(event.id)?.seq;
        assert(seq !== undefined, 'a job is there once its ENQUEUE is applied');
        return { id: event.id, status: fresh.get(event.id) === event ? 'enqueued' : 'duplicate', seq };
      });
    });
  }

  /**
   * The next job that is due, now in flight and its DISPATCH on disk; undefined when none is, or while a verdict waits
   * for a full disk.
   */
  async dispatch(request: DispatchRequest = {}): Promise<InFlightJob | undefined> {
    const { ready } = this.machine;
    while (this.#commits.stalled === 0) {
      const job = ready.take(this.#now(), request.lanes ?? allLanes);
      if (job === undefined) return undefined;
      const running = await this.#reserved.hold([job.id], () => this.#dispatch(job, request));
      if (running !== undefined) return running;
    }
    return undefined;
  }

  /** Undefined when, while this waited for its id, the job changed or the disk filled up. */
  async #dispatch(job: PendingJob, request: DispatchRequest): Promise<InFlightJob | undefined> {
    const { machine } = this;
    if (machine.get(job.id) !== job || this.#commits.stalled > 0) {
      machine.ready.giveBack(job);
      return undefined;
    }
    const at = this.#now();
    const event: DispatchEvent = {
      type: 'DISPATCH',
      id: job.id,
      at,
      attempt: job.attempt + 1,
      owner: request.owner ?? { kind: 'runner', epoch: this.#log.epoch },
      deadlineMs: job.options.timeoutMs === 0 ? undefined : at + job.options.timeoutMs,
    };
    try {
      await this.#commits.append([event]);
    } catch (error) {
      machine.ready.giveBack(job);
      throw error;
    }
    const running = machine.get(job.id);
    assert(running?.state === 'in_flight', 'a dispatched job is in flight');
    return running;
  }

  /**
   * The attempt succeeded. `result` is JSON text. Rejects with E_ATTEMPT_OVER when the attempt is not the job's current
   * one any more.
   */
  async ack(ref: AttemptRef, outcome: { result?: string; durationMs?: number } = {}): Promise<AckAnswer> {
    const { result, dropped } = resultBytes(outcome.result, this.#options.resultBytesMax);
    return this.#settle(ref, async (job, at) => {
      const durationMs = Math.max(0, Math.round(outcome.durationMs ?? at - job.startedAt));
      const seq = await this.#commits.appendVerdict([{ type: 'ACK', id: job.id, at, durationMs, result }]);
      return { seq, resultDropped: dropped };
    });
  }

  /**
   * The attempt failed: RETRY with backoff, or DEAD when the attempts are used up or `failure.dead` says so.
   * E_ATTEMPT_OVER as in `ack`.
   */
  async fail(ref: AttemptRef, failure: Failure = {}): Promise<FailAnswer> {
    return this.#settle(ref, async (job, at) => {
      const event = judgeFailure(job, failure, at, this.#parts.random);
      return failAnswer(event, await this.#commits.appendVerdict([event]));
    });
  }

  /** The attempt ran into its timeout: TIMEOUT and what follows, in one frame. E_ATTEMPT_OVER as in `ack`. */
  async timeout(ref: AttemptRef, failure: Omit<Failure, 'reason'> = {}): Promise<FailAnswer> {
    return this.#settle(ref, async (job, at) => {
      const event = judgeFailure(job, { ...failure, reason: 'timeout' }, at, this.#parts.random);
      const seq = await this.#commits.appendVerdict([{ type: 'TIMEOUT', id: job.id, at }, event]);
      return failAnswer(event, seq + 1);
    });
  }

  /**
   * The job goes back untouched, its attempt does not count ('stopped', 'handler', ...). E_ATTEMPT_OVER as in `ack`.
   */
  async giveBack(ref: AttemptRef, why: { reason: string; error?: string; delayMs?: number }): Promise<FailAnswer> {
    return this.#settle(ref, async (job, at) => {
      const { reason, error, delayMs = 0 } = why;
      const runAt = at + delayMs;
      const event: RetryEvent = { type: 'RETRY', id: job.id, at, runAt, reason, error, refund: true, reset: false };
      return failAnswer(event, await this.#commits.appendVerdict([event]));
    });
  }

  /**
   * Jobs in flight whose runner is not this one: it is dead, because a store has one writer. Leases are not among them.
   */
  abandoned(): InFlightJob[] {
    const own = this.#log.epoch;
    return [...this.machine.inFlight()].filter(
      ({ owner }) => owner.kind === 'unknown' || (owner.kind === 'runner' && owner.epoch !== own),
    );
  }

  /**
   * What a new runner does once the children of dead ones are dealt with: their jobs become pending again (reason
   * 'crash', attempt given back), or dead after too many crashes. `epochs` limits it to certain dead runners.
   */
  async reclaim(epochs?: ReadonlySet<number>): Promise<FailAnswer[]> {
    const chosen = this.abandoned().filter(
      ({ owner }) => epochs === undefined || (owner.kind === 'runner' && epochs.has(owner.epoch)),
    );
    const answers: Promise<FailAnswer[]>[] = [];
    for (let from = 0; from < chosen.length; from += reclaimBatch) {
      answers.push(this.#reclaim(chosen.slice(from, from + reclaimBatch)));
    }
    return (await Promise.all(answers)).flat();
  }

  async #reclaim(jobs: readonly InFlightJob[]): Promise<FailAnswer[]> {
    const ids = jobs.map((job) => job.id);
    return this.#reserved.hold(ids, async () => {
      const at = this.#now();
      const still = jobs.filter((job) => this.machine.get(job.id) === job);
      if (still.length === 0) return [];
      const events = still.map((job) => judgeCrash(job, at, this.#options.crashesMax));
      const seqFirst = await this.#commits.append(events);
      return events.map((event, index) => failAnswer(event, seqFirst + index));
    });
  }

  /**
   * A dead job becomes pending again, history kept. Without `reset` it gets one more attempt. E_JOB_UNKNOWN,
   * E_JOB_STATE.
   */
  async redrive(id: string, options: { reset?: boolean } = {}): Promise<{ seq: number }> {
    return this.#reserved.hold([id], async () => {
      const job = this.machine.get(id);
      if (job === undefined) throw unknownJob(id);
      if (job.state !== 'dead') {
        throw wrongState(job, 'only dead jobs are retried by hand');
      }
      const at = this.#now();
      const reset = options.reset === true;
      const seq = await this.#commits.append([
        { type: 'RETRY', id, at, runAt: at, reason: 'redrive', refund: false, reset },
      ]);
      return { seq };
    });
  }

  /**
   * Forgets finished jobs; answers how many. E_JOB_UNKNOWN and E_JOB_STATE for ids that are not there or not finished.
   */
  async prune(request: PruneRequest): Promise<number> {
    const ids = planPrune(this.machine, request, 0).jobs.map((job) => job.id);
    return this.#reserved.hold(ids, async () => {
      // Between planning and holding, other operations may have changed things: plan again, among the ids held.
      const { jobs, events } = planPrune(this.machine, request, this.#now(), new Set(ids));
      if (events.length > 0) await this.#commits.append(events);
      return jobs.length;
    });
  }

  status(): QueueStatus {
    const delayed = this.machine.ready.delayedCount(this.#now());
    return {
      counts: { ...this.machine.counts },
      ready: this.machine.counts.pending - delayed,
      delayed,
      nextDueAt: this.machine.ready.nextDueAt(),
      totals: { ...this.machine.totals },
      seqLast: this.#log.seqLast,
      stalled: this.#commits.stalled,
    };
  }

  /** Calls `listener` after every operation; the answer ends that. */
  onCommit(listener: CommitListener): () => void {
    return this.#commits.listen(listener);
  }

  /** Resolves when no operation is under way. */
  idle(): Promise<void> {
    return this.#reserved.idle();
  }

  /** Verdicts waiting for a full disk give up with E_NO_SPACE, within a second; then `idle`. The log stays open. */
  async stop(): Promise<void> {
    this.#commits.stop();
    await this.idle();
  }

  #settle<T>(ref: AttemptRef, verdict: (job: InFlightJob, at: number) => Promise<T>): Promise<T> {
    return this.#reserved.hold([ref.id], async () => {
      const job = attemptOf(this.machine.get(ref.id), ref);
      if (job === undefined) throw lostAttempt(ref, this.machine.get(ref.id));
      return verdict(job, this.#now());
    });
  }

  #now(): number {
    return Math.max(0, Math.floor(this.#parts.clock.now()));
  }
}

import type {
  AckEvent,
  DeadEvent,
  DispatchEvent,
  EnqueueEvent,
  RetryEvent,
  UpdateEvent,
} from '../events/event-types.ts';
import { type Packed, pack } from '../events/packed.ts';
import { FreshJob } from './fresh-job.ts';
import type { CompletedJob, DeadJob, InFlightJob, Job, PendingJob, Special } from './job.ts';
import { sharedOptions } from './options.ts';

/**
 * The job that an event leaves behind. The objects are spelled out, members in one order: there may be a million of
 * them, and those built by spreading take more memory. Only the rare ones are spread. A job that is as it was enqueued
 * takes even less.
 */

export function enqueued(
  event: EnqueueEvent<Packed>,
  seq: number,
  waitingFor: readonly string[] | undefined,
): PendingJob {
  const { id, at, from } = event;
  const options = sharedOptions(event);
  const payload = event.payload === undefined ? undefined : pack(event.payload);
  const special = specialOf(event, waitingFor);
  if (event.runAt === at && special === undefined && from === undefined) {
    return new FreshJob(id, seq, options, payload, at);
  }
  return {
    state: 'pending',
    id,
    seq,
    options,
    payload,
    createdAt: at,
    from,
    attempt: 0,
    crashes: 0,
    setback: undefined,
    special,
    runAt: event.runAt,
    timedOut: false,
  };
}

function specialOf(event: EnqueueEvent<Packed>, waitingFor: readonly string[] | undefined): Special | undefined {
  const { key, keyUntil, parents, expiresAt, slot } = event;
  if (key === undefined && parents === undefined && expiresAt === undefined && slot === undefined) return undefined;
  return { key, keyUntil, parents, waitingFor, expiresAt, slot };
}

/** The same job, waiting for other parents than before. */
export function waitingFor(job: PendingJob, parents: readonly string[] | undefined): PendingJob {
  return { ...job, special: specialWith(job.special, { waitingFor: parents }) };
}

function specialWith(special: Special | undefined, change: Partial<Special>): Special | undefined {
  const { key, keyUntil, parents, waitingFor: waits, expiresAt, slot } = { ...special, ...change };
  const parts = [key, keyUntil, parents, waits, expiresAt, slot];
  if (parts.every((part) => part === undefined)) return undefined;
  return { key, keyUntil, parents, waitingFor: waits, expiresAt, slot };
}

export function updated(job: PendingJob, event: UpdateEvent<Packed>): PendingJob {
  const { priority, maxAttempts, timeoutMs, backoff, group } = event;
  const options = sharedOptions({
    name: job.options.name,
    priority: priority ?? job.options.priority,
    maxAttempts: maxAttempts ?? job.options.maxAttempts,
    timeoutMs: timeoutMs ?? job.options.timeoutMs,
    backoff: backoff ?? job.options.backoff,
    command: job.options.command,
    group: group ?? job.options.group,
  });
  return {
    state: 'pending',
    id: job.id,
    seq: job.seq,
    options,
    payload: event.payload === undefined ? job.payload : pack(event.payload),
    createdAt: job.createdAt,
    from: job.from,
    attempt: job.attempt,
    crashes: job.crashes,
    setback: job.setback,
    special: event.expiresAt === undefined ? job.special : specialWith(job.special, { expiresAt: event.expiresAt }),
    runAt: event.runAt ?? job.runAt,
    timedOut: false,
  };
}

export function dispatched(job: PendingJob, event: DispatchEvent, seq: number): InFlightJob {
  return {
    state: 'in_flight',
    id: job.id,
    seq: job.seq,
    options: job.options,
    payload: job.payload,
    createdAt: job.createdAt,
    from: job.from,
    attempt: job.attempt + 1,
    crashes: job.crashes,
    setback: job.setback,
    special: job.special,
    dispatchSeq: seq,
    startedAt: event.at,
    owner: event.owner,
    deadlineMs: event.deadlineMs,
    cancelledAt: undefined,
  };
}

export function completed(job: InFlightJob | PendingJob, event: AckEvent<Packed>, seq: number): CompletedJob {
  return {
    state: 'completed',
    id: job.id,
    seq: job.seq,
    options: job.options,
    payload: job.payload,
    createdAt: job.createdAt,
    from: job.from,
    attempt: job.attempt,
    crashes: job.crashes,
    setback: job.setback,
    special: job.special,
    endSeq: seq,
    endedAt: event.at,
    startedAt: job.state === 'in_flight' ? job.startedAt : undefined,
    durationMs: event.durationMs,
    result: event.result === undefined ? undefined : pack(event.result),
  };
}

/** `waitsFor`: the parents that it has to wait for again; only a job that was dead can have some. */
export function retried(
  job: InFlightJob | PendingJob | DeadJob,
  event: RetryEvent,
  waitsFor: readonly string[] | undefined,
): PendingJob {
  const attempt = event.reset ? 0 : Math.max(0, job.attempt - (event.refund ? 1 : 0));
  const crashes = event.reset ? 0 : job.crashes + (event.reason === 'crash' ? 1 : 0);
  const { at, reason, error, exitCode, signal } = event;
  const { special } = job;
  return {
    state: 'pending',
    id: job.id,
    seq: job.seq,
    options: job.options,
    payload: job.payload,
    createdAt: job.createdAt,
    from: job.from,
    attempt,
    crashes,
    setback: { at, reason, error, exitCode, signal },
    // Once begun, or called back from the dead, a job does not expire any more.
    special: special && specialWith(special, { waitingFor: waitsFor, expiresAt: undefined }),
    runAt: event.runAt,
    timedOut: false,
  };
}

export function timedOut(job: InFlightJob, at: number): PendingJob {
  return {
    state: 'pending',
    id: job.id,
    seq: job.seq,
    options: job.options,
    payload: job.payload,
    createdAt: job.createdAt,
    from: job.from,
    attempt: job.attempt,
    crashes: job.crashes,
    setback: { at, reason: 'timeout', error: undefined, exitCode: undefined, signal: undefined },
    special: job.special,
    runAt: at,
    timedOut: true,
  };
}

type Death = Pick<DeadEvent, 'at' | 'reason' | 'error' | 'exitCode' | 'signal'>;

export function died(job: Job, death: Death, seq: number): DeadJob {
  return {
    state: 'dead',
    id: job.id,
    seq: job.seq,
    options: job.options,
    payload: job.payload,
    createdAt: job.createdAt,
    from: job.from,
    attempt: job.attempt,
    crashes: job.crashes,
    setback: job.setback,
    special: job.special,
    endSeq: seq,
    endedAt: death.at,
    reason: death.reason,
    error: death.error,
    exitCode: death.exitCode,
    signal: death.signal,
  };
}

/** Marked: its runner has to end it. */
export function cancelRequested(job: InFlightJob, at: number): InFlightJob {
  return { ...job, cancelledAt: at };
}

export function extended(job: InFlightJob, deadlineMs: number): InFlightJob {
  const { owner } = job;
  return owner.kind === 'lease' ? { ...job, owner: { ...owner, deadlineMs } } : job;
}

import type { ForeignJob } from '../formats/types.ts';
import { runnerName } from '../queue/events/event-details.ts';
import { enqueueDefaults, type Owner } from '../queue/events/event-types.ts';
import { changedAt, type Job, payloadText, resultText } from '../queue/state/job.ts';
import { JsonText } from './json-text.ts';

/** One job of a state, from our own logs and snapshots or from foreign ones. */
export interface JobRow {
  id: string;
  status: Job['state'];
  attempt: number;
  /** Attempts that ended without success: what other systems count. */
  failed: number;
  /** '' where the source has none. */
  name: string;
  payload?: JsonText;
  /** Milliseconds since the epoch; text beyond 2^53. When its state last changed. */
  changedMs?: number | string;
  /** Everything else, for machines. */
  details: Readonly<Record<string, unknown>>;
}

export function rowOfJob(job: Job): JobRow {
  const payload = payloadText(job);
  const changed = changedAt(job);
  return {
    id: job.id,
    status: job.state,
    attempt: job.attempt,
    failed: job.state === 'pending' ? job.attempt : Math.max(0, job.attempt - 1),
    name: job.options.name,
    ...(payload === undefined ? {} : { payload: new JsonText(payload) }),
    // 0 stands for "the foreign log had no time".
    ...(changed === 0 ? {} : { changedMs: changed }),
    details: detailsOf(job),
  };
}

function detailsOf(job: Job): Record<string, unknown> {
  const { special } = job;
  return {
    seq: job.seq,
    group: job.options.group === '' ? undefined : job.options.group,
    key: special?.key,
    keyUntilMs: special?.keyUntil,
    parents: special?.parents,
    waitingFor: special?.waitingFor,
    expiresAtMs: special?.expiresAt,
    schedule: special?.slot?.schedule,
    slotMs: special?.slot?.at,
    priority: job.options.priority,
    maxAttempts: job.options.maxAttempts,
    timeoutMs: job.options.timeoutMs === 0 ? undefined : job.options.timeoutMs,
    backoff: job.options.backoff === enqueueDefaults.backoff ? undefined : job.options.backoff,
    command: job.options.command,
    createdMs: job.createdAt === 0 ? undefined : job.createdAt,
    from: job.from,
    crashes: job.crashes === 0 ? undefined : job.crashes,
    setback: job.setback,
    ...stateDetails(job),
  };
}

function stateDetails(job: Job): Record<string, unknown> {
  switch (job.state) {
    case 'pending':
      return { runAtMs: job.runAt === 0 ? undefined : job.runAt };
    case 'in_flight':
      return {
        dispatchSeq: job.dispatchSeq,
        startedMs: job.startedAt,
        owner: ownerOf(job.owner),
        deadlineMs: job.deadlineMs,
        cancelledMs: job.cancelledAt,
      };
    case 'completed': {
      const result = resultText(job);
      return {
        endSeq: job.endSeq,
        durationMs: job.durationMs,
        result: result === undefined ? undefined : new JsonText(result),
      };
    }
    case 'dead':
      return { endSeq: job.endSeq, reason: job.reason, error: job.error, exitCode: job.exitCode, signal: job.signal };
  }
}

function ownerOf(owner: Owner): Record<string, unknown> {
  if (owner.kind !== 'runner') return { ...owner };
  return { kind: owner.kind, runner: runnerName(owner.epoch) };
}

export function rowOfForeignJob(job: ForeignJob): JobRow {
  return {
    id: job.id,
    status: job.status,
    attempt: job.attempt,
    failed: job.attempt,
    name: '',
    ...(job.payload === undefined ? {} : { payload: new JsonText(job.payload) }),
    ...(job.updatedMs === undefined ? {} : { changedMs: job.updatedMs }),
    details: {
      timeoutMs: job.timeoutMs,
      createdMs: digits(job.createdMs),
      deadlineMs: digits(job.deadlineMs),
      workerId: job.workerId,
    },
  };
}

function digits(text: string | undefined): JsonText | undefined {
  return text === undefined ? undefined : new JsonText(text);
}

/** The row as members of a JSON object. */
export function jobDocument(row: JobRow): Record<string, unknown> {
  return {
    id: row.id,
    status: row.status,
    attempt: row.attempt,
    ...(row.name === '' ? {} : { name: row.name }),
    ...(row.changedMs === undefined
      ? {}
      : { changedMs: typeof row.changedMs === 'string' ? digits(row.changedMs) : row.changedMs }),
    ...row.details,
    ...(row.payload === undefined ? {} : { payload: row.payload }),
  };
}

/** The job in the document's form of a snapshot. */
export function documentJob(row: JobRow): Record<string, unknown> {
  return { Status: row.status, ...(row.payload === undefined ? {} : { Payload: row.payload }) };
}

/** The job in raft-recovery's form of a snapshot. What we know more of it has no place there. */
export function raftRecoveryJob({ id, status, failed, payload, changedMs, details }: JobRow): Record<string, unknown> {
  const { timeoutMs, createdMs, deadlineMs, workerId } = details;
  const updatedMs = typeof changedMs === 'string' ? digits(changedMs) : changedMs;
  return {
    id,
    payload: payload ?? null,
    status,
    attempt: failed,
    // Nanoseconds.
    timeout: typeof timeoutMs === 'number' ? BigInt(timeoutMs) * 1_000_000n : 0,
    deadline_ms: deadlineMs,
    created_at: createdMs ?? 0,
    updated_at: updatedMs ?? createdMs ?? 0,
    worker_id: workerId,
  };
}

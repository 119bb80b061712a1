import type { EventBase, JobTemplate } from './event-base.ts';
import type { Packed } from './packed.ts';
import { idBytesMax } from './record.ts';
import type { LimitEvent, PauseEvent, ResumeEvent, ScheduleEvent, UnscheduleEvent } from './setting-types.ts';

/**
 * What the queue writes into the log. EVENTS.md describes the bytes; this file is pure. A number, once given, keeps its
 * meaning for ever.
 */
export const eventTypes = {
  ENQUEUE: 1,
  DISPATCH: 2,
  ACK: 3,
  RETRY: 4,
  TIMEOUT: 5,
  DEAD: 6,
  PRUNE: 7,
  CANCEL: 8,
  UPDATE: 9,
  REMOVE: 10,
  EXTEND: 11,
  PAUSE: 12,
  RESUME: 13,
  SCHEDULE: 14,
  UNSCHEDULE: 15,
  LIMIT: 16,
} as const;

/** Type byte -> name. */
export const nameOfType: ReadonlyMap<number, string> = new Map(
  Object.entries(eventTypes).map(([name, type]) => [type, name]),
);

/** Events without an id: they concern many jobs, or the queue as a whole. */
export const typesWithoutId: ReadonlySet<number> = new Set([
  eventTypes.PRUNE,
  eventTypes.PAUSE,
  eventTypes.RESUME,
  eventTypes.LIMIT,
]);

/** Bounds of the format. The engine's own limits are lower. Bytes are UTF-8 bytes. */
export const eventLimits = {
  idBytes: idBytesMax,
  nameBytes: 256,
  groupBytes: 256,
  keyBytes: 256,
  cronBytes: 256,
  zoneBytes: 64,
  payloadBytes: 16 * 1024 * 1024,
  resultBytes: 4 * 1024 * 1024,
  errorBytes: 8 * 1024,
  reasonBytes: 64,
  signalBytes: 32,
  backoffBytes: 64,
  tokenBytes: 128,
  fromBytes: 64,
  command: { countMax: 1024, bytesMax: 256 * 1024 },
  parents: { countMax: 1000, bytesMax: 1000 * idBytesMax, ids: true },
  pruneIds: { countMax: 10_000, bytesMax: 10_000 * idBytesMax, ids: true },
  priority: 1_000_000,
  attempts: 1_000_000,
  exitCode: 0xffff_ffff,
  timeMs: Number.MAX_SAFE_INTEGER,
} as const;

/** Left out of a record when they have these values. Frozen: a change would alter the meaning of old records. */
export const enqueueDefaults = {
  name: 'default',
  priority: 0,
  maxAttempts: 3,
  timeoutMs: 0,
  backoff: 'exp:1s..5m*2~0.5',
  group: '',
} as const;

/** A firing of a schedule: which one, and for which time, ms since the epoch. */
export interface Slot {
  schedule: string;
  at: number;
}

export interface EnqueueEvent<Bytes = Uint8Array> extends EventBase, JobTemplate<Bytes> {
  type: 'ENQUEUE';
  /** Not before, ms since the epoch; never before `at`. */
  runAt: number;
  /** Held by this job until it is finished, and until `keyUntil` in any case. */
  key?: string | undefined;
  /** ms since the epoch; after `at`. */
  keyUntil?: number | undefined;
  /** Jobs that must have completed before this one runs. */
  parents?: readonly string[] | undefined;
  /** Dead, if no attempt has begun by then, ms since the epoch; never before `at`. */
  expiresAt?: number | undefined;
  /** The schedule that made this job; the slot then counts as fired. */
  slot?: Slot | undefined;
}

/**
 * Who has the job: a runner, named by the epoch of its opening of the store, or the holder of a lease. 'unknown' only
 * in imported events.
 */
export type Owner =
  | { kind: 'runner'; epoch: number }
  | { kind: 'lease'; token: string; deadlineMs: number }
  | { kind: 'unknown' };

export interface DispatchEvent extends EventBase {
  type: 'DISPATCH';
  /** From 1. */
  attempt: number;
  owner: Owner;
  /** When the timeout of the attempt strikes, ms since the epoch. */
  deadlineMs?: number | undefined;
}

export interface AckEvent<Bytes = Uint8Array> extends EventBase {
  type: 'ACK';
  durationMs?: number | undefined;
  /** UTF-8 of compact JSON text. */
  result?: Bytes | undefined;
}

/** How the process of an attempt ended. */
export interface AttemptExit {
  exitCode?: number | undefined;
  signal?: string | undefined;
}

export interface RetryEvent extends EventBase, AttemptExit {
  type: 'RETRY';
  runAt: number;
  /** 'failed' | 'timeout' | 'crash' | 'lease' | 'handler' | 'stopped' | 'redrive' | ... */
  reason: string;
  /** The attempt does not count. */
  refund: boolean;
  /** Attempts and crashes start again from 0 (redrive of a dead job). */
  reset: boolean;
  error?: string | undefined;
}

export interface TimeoutEvent extends EventBase {
  type: 'TIMEOUT';
}

export interface DeadEvent extends EventBase, AttemptExit {
  type: 'DEAD';
  /** 'attempts' | 'permanent' | 'crashes' | 'command' | 'cancelled' | 'expired' | 'parent' | ... */
  reason: string;
  error?: string | undefined;
}

/** Forgets finished jobs: those listed, or all of the given states that ended at or before a seq. `id` is ''. */
export interface PruneEvent extends EventBase {
  type: 'PRUNE';
  ids?: readonly string[] | undefined;
  cutoff?: { seq: number; completed: boolean; dead: boolean } | undefined;
}

/**
 * A job that waits dies of it, reason 'cancelled'; so does a leased one. One that a runner has is marked, and dies when
 * its process is over, unless it completes first.
 */
export interface CancelEvent extends EventBase {
  type: 'CANCEL';
  /** Why, for people. */
  error?: string | undefined;
}

/** Changes a pending job: the fields that are there. */
export interface UpdateEvent<Bytes = Uint8Array> extends EventBase {
  type: 'UPDATE';
  payload?: Bytes | undefined;
  priority?: number | undefined;
  maxAttempts?: number | undefined;
  /** Never before `at`. */
  runAt?: number | undefined;
  timeoutMs?: number | undefined;
  backoff?: string | undefined;
  group?: string | undefined;
  /** Never before `at`. */
  expiresAt?: number | undefined;
}

/** Forgets one job that no worker has. */
export interface RemoveEvent extends EventBase {
  type: 'REMOVE';
}

/** Moves the deadline of a lease. */
export interface ExtendEvent extends EventBase {
  type: 'EXTEND';
  /** ms since the epoch; never before `at`. */
  deadlineMs: number;
}

/** `Bytes` is the form of payloads and results: plain bytes, or packed on the way into the state. */
export type QueueEvent<Bytes = Uint8Array> =
  | EnqueueEvent<Bytes>
  | DispatchEvent
  | AckEvent<Bytes>
  | RetryEvent
  | TimeoutEvent
  | DeadEvent
  | PruneEvent
  | CancelEvent
  | UpdateEvent<Bytes>
  | RemoveEvent
  | ExtendEvent
  | PauseEvent
  | ResumeEvent
  | ScheduleEvent<Bytes>
  | UnscheduleEvent
  | LimitEvent;

/** Events that put a job in the place of another, or where none was. */
export type JobChangeEvent = Exclude<JobEvent<Packed>, RemoveEvent>;

/** Events that concern one job. */
export type JobEvent<Bytes = Uint8Array> = Exclude<
  QueueEvent<Bytes>,
  PruneEvent | PauseEvent | ResumeEvent | ScheduleEvent<Bytes> | UnscheduleEvent | LimitEvent
>;

import { type ExtraField, idBytesMax } from './record.ts';

/**
 * What the queue writes into the log. EVENTS.md describes the bytes; this file is pure. A number, once given, keeps its
 * meaning for ever.
 */
export const eventTypes = { ENQUEUE: 1, DISPATCH: 2, ACK: 3, RETRY: 4, TIMEOUT: 5, DEAD: 6, PRUNE: 7 } as const;

/** Numbers given, events not written by this version. */
const reservedTypes: Readonly<Record<string, number>> = {
  CANCEL: 8,
  UPDATE: 9,
  REMOVE: 10,
  EXTEND: 11,
  PAUSE: 12,
  RESUME: 13,
  SCHEDULE: 14,
  UNSCHEDULE: 15,
  LIMIT: 16,
};

/** Type byte -> name, reserved numbers included. */
export const nameOfType: ReadonlyMap<number, string> = new Map(
  Object.entries({ ...eventTypes, ...reservedTypes }).map(([name, type]) => [type, name]),
);

/** Bounds of the format. The engine's own limits are lower. Bytes are UTF-8 bytes. */
export const eventLimits = {
  idBytes: idBytesMax,
  nameBytes: 256,
  payloadBytes: 16 * 1024 * 1024,
  resultBytes: 4 * 1024 * 1024,
  errorBytes: 8 * 1024,
  reasonBytes: 64,
  signalBytes: 32,
  backoffBytes: 64,
  tokenBytes: 128,
  fromBytes: 64,
  command: { countMax: 1024, bytesMax: 256 * 1024 },
  pruneIds: { countMax: 10_000, bytesMax: 10_000 * idBytesMax },
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
} as const;

interface EventBase {
  id: string;
  /** Wall clock when it happened, ms since the epoch. */
  at: number;
  /** Seq in the foreign log it was imported from, as text. Such an event is applied only where it fits. */
  from?: string | undefined;
  extra?: readonly ExtraField[] | undefined;
}

export interface EnqueueEvent<Bytes = Uint8Array> extends EventBase {
  type: 'ENQUEUE';
  name: string;
  /** UTF-8 of compact JSON text. Absent: the job has none. After decoding a view into the record. */
  payload?: Bytes | undefined;
  /** Higher runs first. */
  priority: number;
  maxAttempts: number;
  /** Not before, ms since the epoch; never before `at`. */
  runAt: number;
  /** 0 = no limit. */
  timeoutMs: number;
  backoff: string;
  /** argv of a job that brings its own command. */
  command?: readonly string[] | undefined;
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
  /** 'attempts' | 'permanent' | 'crashes' | 'command' | ... */
  reason: string;
  error?: string | undefined;
}

/** Forgets finished jobs: those listed, or all of the given states that ended at or before a seq. `id` is ''. */
export interface PruneEvent extends EventBase {
  type: 'PRUNE';
  ids?: readonly string[] | undefined;
  cutoff?: { seq: number; completed: boolean; dead: boolean } | undefined;
}

/** `Bytes` is the form of payloads and results: plain bytes, or packed on the way into the state. */
export type QueueEvent<Bytes = Uint8Array> =
  | EnqueueEvent<Bytes>
  | DispatchEvent
  | AckEvent<Bytes>
  | RetryEvent
  | TimeoutEvent
  | DeadEvent
  | PruneEvent;

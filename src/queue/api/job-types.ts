import type { RawJson } from '../../base/raw-json.ts';
import type { JobState } from '../state/job.ts';

/** Milliseconds, or text with units such as '250ms', '30s', '1h30m', '7d'. */
export type Time = number | string;

/** Names of jobs, and what each of them carries: `{ mail: { to: string }; resize: { file: string } }`. */
export type NameOf<Payloads extends object> = keyof Payloads & string;

/** How a job is to be run. Everything is optional. */
export interface EnqueueOptions {
  /** 1..256 bytes. Enqueued again, it is a duplicate and changes nothing. Default: a new UUIDv7. */
  id?: string;
  /** Higher runs first. Default 0. */
  priority?: number;
  /** Attempts at most. Default 3. */
  attempts?: number;
  /** Of one attempt. Default: none. */
  timeout?: Time;
  /** Not before this long from now. */
  delay?: Time;
  /** Not before this time. A number is milliseconds since the epoch; text has a zone: '2027-01-01T03:00Z'. */
  at?: Date | number | string;
  /** 'none', 'fixed:10s', or 'exp:1s..5m*2~0.5', the default. */
  backoff?: string;
  /** Jobs of a group share its limits and take turns with other groups. */
  group?: string;
  /** At most one unfinished job has this key. */
  key?: string;
  /** What becomes of a job whose key is taken: it is not enqueued, or it replaces the one that waits. Default 'skip'. */
  keyMode?: 'skip' | 'replace';
  /** The key stays taken for at least this long, even if the job is finished before. */
  keyTtl?: Time;
  /** Ids of jobs that must have completed before this one runs. */
  after?: readonly string[];
  /** Dead if no attempt has begun within this time. */
  expire?: Time;
}

/** A name and the payload that belongs to it; a payload may be left out where the map allows none. */
export type NamedPayload<Payloads extends object> = {
  [Name in NameOf<Payloads>]: undefined extends Payloads[Name]
    ? { name: Name; payload?: Payloads[Name] | RawJson }
    : { name: Name; payload: Payloads[Name] | RawJson };
}[NameOf<Payloads>];

/** A job for `enqueueMany`. */
export type NewJob<Payloads extends object = Record<string, unknown>> = NamedPayload<Payloads> & EnqueueOptions;

/** Changes of a job that waits; what is absent stays. */
export interface JobChanges
  extends Pick<EnqueueOptions, 'priority' | 'attempts' | 'timeout' | 'delay' | 'at' | 'backoff' | 'group' | 'expire'> {
  payload?: unknown;
}

/** A job as of one moment. Its name tells the type of its payload. */
export type JobInfo<Payloads extends object = Record<string, unknown>> = {
  [Name in NameOf<Payloads>]: NamedJobInfo<Name, Payloads[Name]>;
}[NameOf<Payloads>];

/** Times are milliseconds since the epoch. */
interface NamedJobInfo<Name extends string, Payload> {
  readonly id: string;
  readonly name: Name;
  readonly state: JobState;
  /** Parsed when first read. Numbers beyond 2^53 lose digits: see `payloadText`. */
  readonly payload: Payload | undefined;
  /** As it was enqueued, to the last digit. */
  readonly payloadText: string | undefined;
  /** Seq of the event that enqueued it: the order among equal priorities. */
  readonly seq: number;
  readonly priority: number;
  readonly group: string | undefined;
  readonly key: string | undefined;
  /** Attempts that count, a running one included. */
  readonly attempt: number;
  readonly maxAttempts: number;
  /** Attempts that ended because the runner died. */
  readonly crashes: number;
  readonly createdAt: number;
  /** Of a pending job: it does not run before this. */
  readonly runAt: number | undefined;
  /** Of a pending job: parents that have not completed. */
  readonly waitingFor: readonly string[] | undefined;
  readonly startedAt: number | undefined;
  readonly endedAt: number | undefined;
  /** Why it is dead, or why the last attempt ended: 'attempts', 'permanent', 'timeout', ... */
  readonly reason: string | undefined;
  /** Text of the last failure. */
  readonly error: string | undefined;
  /** Of a completed job, parsed when first read. */
  readonly result: unknown;
  readonly resultText: string | undefined;
}

/** A job taken by `take`, until its deadline. Its name tells the type of its payload. */
export type LeasedJob<Payloads extends object = Record<string, unknown>> = {
  [Name in NameOf<Payloads>]: NamedLeasedJob<Name, Payloads[Name]>;
}[NameOf<Payloads>];

interface NamedLeasedJob<Name extends string, Payload> {
  /** What `ack`, `fail` and `extend` name it by. */
  readonly token: string;
  readonly id: string;
  readonly name: Name;
  readonly payload: Payload | undefined;
  readonly payloadText: string | undefined;
  readonly attempt: number;
  readonly maxAttempts: number;
  /** Milliseconds since the epoch. */
  readonly deadlineMs: number;
}

import { atLeast, flag, list, oneOf, optional, type Shape, structure, text, whole } from '../../base/shape.ts';
import type { CompactResult } from '../../storage/compact.ts';
import type { RetentionPlan } from '../../storage/retention.ts';
import type { CheckpointResult } from '../../storage/types.ts';
import type {
  AckAnswer,
  BulkFilter,
  CancelAnswer,
  EnqueueAnswer,
  FailAnswer,
  LeaseTokens,
  PruneRequest,
  ScheduleSpec,
} from '../engine-types.ts';
import type { Limits } from '../events/setting-types.ts';
import type { JobChange, JobSpec } from '../ops/spec.ts';
import type { JobState } from '../state/job.ts';
import type { RunnerStatus, RunningJob, StatusReport } from './status.ts';

/**
 * What commands ask of a queue, whoever holds it: the name of each operation, the shape of its request and of its
 * answer. The shapes are what goes over the control socket; a request from there is checked before it is believed.
 */
export interface Operations {
  /** All in one frame, or none. Ids must be given, so that the request can be repeated. */
  enqueue: { request: { jobs: readonly JobSpec[] }; answer: { jobs: EnqueueAnswer[] } };
  cancel: { request: { id: string; why?: string }; answer: CancelAnswer };
  update: { request: { id: string; change: JobChange }; answer: { seq: number } };
  promote: { request: { id: string }; answer: { seq: number } };
  remove: { request: { id: string }; answer: { seq: number } };
  redrive: { request: { id: string; reset?: boolean }; answer: { seq: number; also: readonly string[] } };
  /** Of all dead jobs that pass the filter. */
  'redrive-all': { request: BulkFilter & { reset?: boolean }; answer: { jobs: number } };
  /** `kept`: others wait for them. */
  'remove-all': {
    request: BulkFilter & { states: readonly RestingState[] };
    answer: { removed: number; kept: number };
  };
  prune: { request: PruneRequest; answer: { pruned: number } };
  /** Waits up to `waitMs` until there is a job. A wait ends early when nobody listens any more. */
  take: { request: TakeRequest; answer: { jobs: TakenJob[] } };
  ack: { request: { token: string; result?: string }; answer: AckAnswer };
  fail: { request: FailRequest; answer: FailAnswer & { id: string } };
  extend: { request: { token: string; ms: number }; answer: { deadlineMs: number } };
  pause: { request: { name?: string; group?: string; reason?: string }; answer: { seq: number } };
  /** No seq: nothing of this scope was paused. */
  resume: { request: { name?: string; group?: string }; answer: { seq?: number } };
  /** No seq: the limits stand so already. */
  limit: { request: Limits & { group: string }; answer: { seq?: number } };
  schedule: { request: ScheduleSpec; answer: { seq: number } };
  unschedule: { request: { id: string }; answer: { seq: number } };
  status: { request: Record<never, never>; answer: StatusReport };
  /** What only the runner knows: what it does at this moment. Without a runner: no runner, no jobs. */
  running: { request: Record<never, never>; answer: RunningAnswer };
  /** Answers when the runner has worked off what is there and ends. Without a runner: E_NO_RUNNER. */
  drain: { request: Record<never, never>; answer: DrainAnswer };
  checkpoint: { request: { keep?: number; clean?: boolean }; answer: CheckpointResult };
  compact: { request: { keep: number }; answer: CompactResult };
  'prune-snapshots': { request: { keep: number }; answer: RetentionPlan };
}

export type OperationName = keyof Operations;
export type Request<K extends OperationName> = Operations[K]['request'];
export type Answer<K extends OperationName> = Operations[K]['answer'];

/** States in which nobody works on a job. */
export type RestingState = Exclude<JobState, 'in_flight'>;

export interface DrainAnswer {
  /** Since the runner was asked. */
  completed: number;
  dead: number;
  /** Jobs that it could run and a pause holds back. */
  left: number;
  /** Why it ended before the queue was worked off. */
  unfinished?: string;
}

export interface TakeRequest {
  /** One for each job wanted; see `LeaseTokens`. */
  tokens: LeaseTokens;
  leaseMs: number;
  names?: readonly string[];
  waitMs?: number;
}

export interface RunningAnswer {
  runner?: RunnerStatus;
  jobs: RunningJob[];
}

/** A job as it is handed to a holder outside. */
export interface TakenJob {
  token: string;
  id: string;
  name: string;
  /** JSON text. */
  payload?: string;
  /** From 1. */
  attempt: number;
  attemptsMax: number;
  /** When the lease ends, ms since the epoch. */
  deadlineMs: number;
}

export interface FailRequest {
  token: string;
  error?: string;
  /** Wait this long instead of the backoff. */
  delayMs?: number;
  /** No further attempt, and why. */
  dead?: string;
}

/** Repeating one of these changes nothing when the first was carried out: after a lost answer they are asked again. */
export const repeatable: ReadonlySet<OperationName> = new Set([
  'enqueue',
  'update',
  'prune',
  'take',
  'extend',
  'pause',
  'resume',
  'limit',
  'status',
  'running',
  'checkpoint',
  'compact',
  'prune-snapshots',
]);

const jobFields = {
  payload: optional(text),
  priority: optional(whole),
  attempts: optional(whole),
  timeoutMs: optional(whole),
  delayMs: optional(whole),
  runAt: optional(whole),
  backoff: optional(text),
  group: optional(text),
  expireMs: optional(whole),
};

const job = structure({
  ...jobFields,
  id: optional(text),
  name: optional(text),
  command: optional(list(text)),
  key: optional(text),
  keyMode: optional(oneOf('skip', 'replace')),
  keyTtlMs: optional(whole),
  after: optional(list(text)),
});

/** Of one request: they are one frame, nobody else has a turn meanwhile, and the answer must fit a message. */
const jobsMax = 5000;
const count = atLeast(0);
const filter = { name: optional(text), group: optional(text) };
const rule: Shape<ScheduleSpec['rule']> = (value, at, bad) => {
  const kind = typeof value === 'object' && value !== null && 'kind' in value ? value.kind : undefined;
  return kind === 'every'
    ? structure({ kind: oneOf('every'), everyMs: whole })(value, at, bad)
    : structure({ kind: oneOf('cron'), cron: text, zone: text })(value, at, bad);
};

/** One shape for each request. Values inside their types are checked by the operation itself. */
export const requestShapes: { readonly [K in OperationName]: Shape<Request<K>> } = {
  enqueue: structure({ jobs: list(job, 1, jobsMax) }),
  cancel: structure({ id: text, why: optional(text) }),
  update: structure({ id: text, change: structure(jobFields) }),
  promote: structure({ id: text }),
  remove: structure({ id: text }),
  redrive: structure({ id: text, reset: optional(flag) }),
  'redrive-all': structure({ ...filter, reset: optional(flag) }),
  'remove-all': structure({ ...filter, states: list(oneOf('pending', 'completed', 'dead'), 1) }),
  prune: structure({
    ids: optional(list(text)),
    endedBefore: optional(whole),
    keep: optional(count),
    states: optional(list(oneOf('completed', 'dead'))),
  }),
  take: structure({
    tokens: list(text, 1, 1000),
    leaseMs: atLeast(1),
    names: optional(list(text)),
    waitMs: optional(count),
  }),
  ack: structure({ token: text, result: optional(text) }),
  fail: structure({ token: text, error: optional(text), delayMs: optional(count), dead: optional(text) }),
  extend: structure({ token: text, ms: atLeast(1) }),
  pause: structure({ name: optional(text), group: optional(text), reason: optional(text) }),
  resume: structure({ name: optional(text), group: optional(text) }),
  limit: structure({
    group: text,
    concurrency: optional(count),
    rate: optional(structure({ count, perMs: atLeast(1) })),
    pendingMax: optional(count),
    payloadBytesMax: optional(count),
    keepMs: optional(count),
    keepCount: optional(count),
  }),
  schedule: structure({ id: text, rule, missed: optional(oneOf('skip', 'one', 'all')), job }),
  unschedule: structure({ id: text }),
  status: structure({}),
  running: structure({}),
  drain: structure({}),
  checkpoint: structure({ keep: optional(atLeast(1)), clean: optional(flag) }),
  compact: structure({ keep: atLeast(1) }),
  'prune-snapshots': structure({ keep: atLeast(1) }),
};

import { runnerName } from '../../queue/events/event-details.ts';
import type { AttemptExit } from '../../queue/events/event-types.ts';
import { isEnded } from '../../queue/state/ended.ts';
import { changedAt, type Job, jobStates, payloadText, resultText } from '../../queue/state/job.ts';
import { type PhaseContext, phaseKinds, phaseOf } from '../../queue/state/phase.ts';
import { tookMs } from '../../queue/state/took.ts';
import { JsonText } from '../json-text.ts';
import type { Field, FieldTable } from './fields.ts';

type JobFields = FieldTable<Job>;

/** What can be asked about a job wherever it stands: only events of its own change what they say. */
export const storedJobFields: JobFields = {
  id: { kind: 'text', about: 'its id', also: ['job'], of: (job) => job.id },
  status: { kind: 'word', about: 'its state', also: ['state'], words: jobStates, of: (job) => job.state },
  name: { kind: 'text', about: 'what kind of job it is', of: (job) => job.options.name },
  group: {
    kind: 'text',
    about: 'jobs of a group share limits',
    also: ['queue'],
    of: (job) => orNone(job.options.group),
  },
  key: { kind: 'text', about: 'its unique key', of: (job) => job.special?.key },
  priority: { kind: 'number', about: 'higher runs first', of: (job) => job.options.priority },
  attempt: {
    kind: 'number',
    about: 'attempts so far, a running one included',
    also: ['attempts'],
    of: (job) => job.attempt,
  },
  max_attempts: {
    kind: 'number',
    about: 'how often it may be tried',
    also: ['maxAttempts'],
    of: (job) => job.options.maxAttempts,
  },
  crashes: { kind: 'number', about: 'attempts that ended when their runner died', of: (job) => job.crashes },
  timed_out: {
    kind: 'flag',
    about: 'its last attempt timed out, and the log does not say yet what follows',
    also: ['timedOut'],
    of: (job) => (job.state === 'pending' && job.timedOut) || undefined,
  },
  timeout: {
    kind: 'duration',
    about: 'of an attempt',
    also: ['timeoutMs'],
    of: (job) => job.options.timeoutMs || undefined,
  },
  backoff: { kind: 'text', about: 'wait between attempts', of: (job) => job.options.backoff },
  command: { kind: 'list', about: 'of a job that carries its own', of: (job) => job.options.command },
  payload: {
    kind: 'json',
    about: 'payload.to, payload.items.0.id reach into it',
    of: (job) => jsonOf(payloadText(job)),
  },
  result: {
    kind: 'json',
    about: 'of a completed job; result.ok and the like reach into it',
    of: (job) => (job.state === 'completed' ? jsonOf(resultText(job)) : undefined),
  },
  bytes: { kind: 'size', about: 'of the payload', of: (job) => bytesOf(job) },
  seq: { kind: 'number', about: 'of its ENQUEUE', of: (job) => job.seq },
  dispatch_seq: {
    kind: 'number',
    about: 'of a job in flight: of its DISPATCH',
    also: ['dispatchSeq'],
    of: (job) => (job.state === 'in_flight' ? job.dispatchSeq : undefined),
  },
  end_seq: {
    kind: 'number',
    about: 'of a completed or dead job: of its end',
    also: ['endSeq'],
    of: (job) => (isEnded(job) ? job.endSeq : undefined),
  },
  created: {
    kind: 'time',
    about: 'when it was enqueued',
    also: ['createdMs'],
    of: (job) => job.createdAt || undefined,
  },
  updated: {
    kind: 'time',
    about: 'when its state last changed',
    also: ['changed', 'changedMs'],
    of: (job) => changedAt(job) || undefined,
  },
  run_at: {
    kind: 'time',
    about: 'of a pending job: not before',
    also: ['due', 'runAtMs'],
    of: (job) => (job.state === 'pending' ? job.runAt || undefined : undefined),
  },
  started: {
    kind: 'time',
    about: 'of a job in flight or completed: when the attempt began',
    also: ['startedMs'],
    of: (job) => (job.state === 'in_flight' || job.state === 'completed' ? job.startedAt || undefined : undefined),
  },
  ended: {
    kind: 'time',
    about: 'of a completed or dead job',
    of: (job) => (isEnded(job) ? job.endedAt || undefined : undefined),
  },
  duration: {
    kind: 'duration',
    about: "of a completed job: the handler's own time",
    also: ['durationMs'],
    of: (job) => (job.state === 'completed' ? job.durationMs : undefined),
  },
  deadline: {
    kind: 'time',
    about: 'of a job in flight: end of its timeout or lease',
    also: ['deadlineMs'],
    of: (job) => (job.state === 'in_flight' ? deadlineOf(job) : undefined),
  },
  cancelled: {
    kind: 'time',
    about: 'of a cancelled job still in flight: when that was asked for',
    also: ['cancelledMs'],
    of: (job) => (job.state === 'in_flight' ? job.cancelledAt : undefined),
  },
  expires_at: {
    kind: 'time',
    about: 'dead if not begun by then',
    also: ['expiresAtMs'],
    of: (job) => job.special?.expiresAt,
  },
  key_until: {
    kind: 'time',
    about: 'how long it keeps its key',
    also: ['keyUntilMs'],
    of: (job) => job.special?.keyUntil,
  },
  runner: {
    kind: 'text',
    about: 'of a job in flight: the runner that has it',
    also: ['worker'],
    of: (job) => (job.state === 'in_flight' && job.owner.kind === 'runner' ? runnerName(job.owner.epoch) : undefined),
  },
  lease: {
    kind: 'text',
    about: 'of a job in flight: token of its lease',
    of: (job) => (job.state === 'in_flight' && job.owner.kind === 'lease' ? job.owner.token : undefined),
  },
  reason: {
    kind: 'text',
    about: 'why it is dead, or why its last attempt did not succeed: failed, timeout, attempts, ...',
    of: (job) => failureOf(job)?.reason,
  },
  exit: {
    kind: 'number',
    about: 'exit code of that attempt',
    also: ['exitCode'],
    of: (job) => failureOf(job)?.exitCode,
  },
  signal: { kind: 'text', about: 'signal that ended that attempt', of: (job) => failureOf(job)?.signal },
  error: { kind: 'text', about: 'what was said about it', of: (job) => failureOf(job)?.error },
  parents: { kind: 'list', about: 'jobs it runs after', of: (job) => job.special?.parents },
  schedule: { kind: 'text', about: 'the schedule that made it', of: (job) => job.special?.slot?.schedule },
  slot: { kind: 'time', about: 'the time it was made for', also: ['slotMs'], of: (job) => job.special?.slot?.at },
  from: { kind: 'number', about: 'its number in the log it was imported from', of: (job) => job.from },
};

/** A job and what is around it. */
export interface JobView {
  job: Job;
  phases: PhaseContext;
}

/** Those that change while nothing happens to the job: with the clock, the runner, and other jobs. */
const momentaryFields: FieldTable<JobView> = {
  waiting_for: {
    kind: 'list',
    about: 'those of its parents that have not completed',
    also: ['waitingFor'],
    of: ({ job }) => job.special?.waitingFor,
  },
  phase: {
    kind: 'word',
    about: 'what it waits for',
    words: phaseKinds,
    of: ({ job, phases }) => phaseOf(job, phases).kind,
  },
  age: {
    kind: 'duration',
    about: 'since it was enqueued',
    of: ({ job, phases }) => (job.createdAt === 0 ? undefined : Math.max(0, phases.now - job.createdAt)),
  },
  wait: {
    kind: 'duration',
    about: 'of a pending job: since it was due; 0 before',
    of: ({ job, phases }) =>
      job.state === 'pending' && job.runAt > 0 ? Math.max(0, phases.now - job.runAt) : undefined,
  },
  took: {
    kind: 'duration',
    about: 'of a job in flight or completed: from the DISPATCH of its attempt to the end, or to now',
    of: ({ job, phases }) => tookOf(job, phases.now),
  },
};

/** What can be asked about a job of the queue as it stands now. */
export const jobFields: FieldTable<JobView> = {
  ...Object.fromEntries(Object.entries(storedJobFields).map(([name, field]) => [name, ofView(field)])),
  ...momentaryFields,
};

/** For those that know a job by its events alone. */
export const withoutMoment = {
  names: Object.keys(momentaryFields),
  why: 'it changes while nothing happens to the job',
};

function ofView(field: Field<Job>): Field<JobView> {
  return { ...field, of: ({ job }) => field.of(job) };
}

function deadlineOf({ owner, deadlineMs }: Extract<Job, { state: 'in_flight' }>): number | undefined {
  return owner.kind === 'lease' ? owner.deadlineMs : deadlineMs;
}

/** Of a dead job its death; else how the last attempt ended that did not succeed. */
function failureOf(job: Job): (AttemptExit & { reason: string; error: string | undefined }) | undefined {
  return job.state === 'dead' ? job : job.setback;
}

function tookOf(job: Job, now: number): number | undefined {
  if (job.state === 'in_flight') return tookMs(job.startedAt, now);
  return job.state === 'completed' && job.startedAt ? tookMs(job.startedAt, job.endedAt) : undefined;
}

function jsonOf(text: string | undefined): JsonText | undefined {
  return text === undefined ? undefined : new JsonText(text);
}

function orNone(text: string): string | undefined {
  return text === '' ? undefined : text;
}

function bytesOf({ payload }: Job): number {
  // Packed: a character for each byte.
  return payload?.length ?? 0;
}

import { mapped } from '../../base/array-of-one.ts';
import { givePayload, lazily } from '../../base/parsed.ts';
import type { Lease } from '../engine-types.ts';
import { isEnded } from '../state/ended.ts';
import { type Job, type JobState, jobStates, payloadText, resultText } from '../state/job.ts';
import type { JobInfo, LeasedJob, NameOf } from './job-types.ts';
import { checkOptions, checkText, checkTexts, checkWhole } from './options.ts';

/** A job of the state as the library shows it. */
export function jobInfo<P extends object>(job: Job): JobInfo<P> {
  const text = payloadText(job);
  const resultJson = job.state === 'completed' ? resultText(job) : undefined;
  const payload = lazily(text);
  const result = lazily(resultJson);
  const { options, special, setback } = job;
  const last = job.state === 'dead' ? job : setback;
  return {
    id: job.id,
    name: options.name as NameOf<P>,
    state: job.state,
    get payload() {
      return payload() as P[NameOf<P>] | undefined;
    },
    payloadText: text,
    seq: job.seq,
    priority: options.priority,
    group: options.group === '' ? undefined : options.group,
    key: special?.key,
    attempt: job.attempt,
    maxAttempts: options.maxAttempts,
    crashes: job.crashes,
    createdAt: job.createdAt,
    runAt: job.state === 'pending' ? job.runAt : undefined,
    waitingFor: job.state === 'pending' ? special?.waitingFor : undefined,
    startedAt: job.state === 'in_flight' || job.state === 'completed' ? job.startedAt : undefined,
    endedAt: isEnded(job) ? job.endedAt : undefined,
    reason: last?.reason,
    error: last?.error,
    get result() {
      return result();
    },
    resultText: resultJson,
  };
}

export function leasedJobs<P extends object>(leases: readonly Lease[]): LeasedJob<P>[] {
  return mapped(leases, leasedJob) as LeasedJob<P>[];
}

function leasedJob(lease: Lease): LeasedJob {
  const job = new HeldJob(lease);
  return givePayload(job, job.payloadText);
}

/** A class and no literal: base/array-of-one.ts says why. */
class HeldJob implements LeasedJob {
  readonly token: string;
  readonly id: string;
  readonly name: string;
  payload: unknown = undefined;
  readonly payloadText: string | undefined;
  readonly attempt: number;
  readonly maxAttempts: number;
  readonly deadlineMs: number;

  constructor({ token, deadlineMs, job }: Lease) {
    this.token = token;
    this.id = job.id;
    this.name = job.options.name;
    this.payloadText = payloadText(job);
    this.attempt = job.attempt;
    this.maxAttempts = job.options.maxAttempts;
    this.deadlineMs = deadlineMs;
  }
}

/** Which jobs `list` shows; all that is given must hold. */
export interface ListFilter {
  state?: JobState | readonly JobState[];
  name?: string;
  group?: string;
  /** At most this many. */
  limit?: number;
}

const filterNames: ReadonlySet<string> = new Set<keyof ListFilter>(['state', 'name', 'group', 'limit']);

/** Those that a filter lets through, in their order. Throws usageError E_OPTION. */
export function jobInfos<P extends object>(jobs: Iterable<Job>, filter: ListFilter): JobInfo<P>[] {
  checkOptions(filter, filterNames, 'list');
  const { state, name, group, limit } = filter;
  const wanted = state === undefined ? undefined : [state].flat();
  checkTexts('state', wanted, { allowed: jobStates });
  checkText('name', name);
  checkText('group', group);
  checkWhole('limit', limit, 0);
  const states = wanted && new Set<string>(wanted);
  const found: JobInfo<P>[] = [];
  for (const job of jobs) {
    if (limit !== undefined && found.length >= limit) break;
    if (states?.has(job.state) === false) continue;
    if (name !== undefined && job.options.name !== name) continue;
    if (group !== undefined && job.options.group !== group) continue;
    found.push(jobInfo(job));
  }
  return found;
}

import type { PruneRequest, ScheduleSpec } from '../../../src/queue/engine-types.ts';
import type { QueueEvent } from '../../../src/queue/events/event-types.ts';
import type { LimitEvent, PauseScope } from '../../../src/queue/events/setting-types.ts';
import type { JobChange, JobSpec } from '../../../src/queue/ops/spec.ts';
import { childrenOf, descendants, ended, freeToLive, type Job, type State, scopeOf } from './state.ts';

/** An operation as the engine is asked for it. */
export type Request =
  | { kind: 'enqueue'; specs: readonly JobSpec[] }
  | { kind: 'dispatch'; names: ReadonlySet<string> | undefined }
  | { kind: 'lease'; names: ReadonlySet<string> | undefined; tokens: readonly string[]; leaseMs: number }
  | { kind: 'ack' | 'timeout'; ref: Ref }
  | { kind: 'fail'; ref: Ref; dead: string | undefined; delayMs: number | undefined }
  | { kind: 'giveBack'; ref: Ref; delayMs: number | undefined }
  | { kind: 'leased'; token: string }
  | { kind: 'extend'; token: string; ms: number }
  | { kind: 'cancel' | 'promote' | 'remove'; id: string }
  | { kind: 'update'; id: string; change: JobChange }
  | { kind: 'redrive'; id: string; reset: boolean }
  | { kind: 'redriveAll'; name: string | undefined; reset: boolean }
  | { kind: 'prune'; request: PruneRequest }
  | { kind: 'pause' | 'resume'; scope: PauseScope }
  | { kind: 'limit'; limits: Omit<LimitEvent, 'type' | 'id' | 'at'> }
  | { kind: 'schedule'; spec: ScheduleSpec }
  | { kind: 'unschedule'; id: string }
  | { kind: 'reclaim' }
  | { kind: 'sweep'; upSinceMs: number };

export interface Ref {
  id: string;
  dispatchSeq: number;
}

/** Fields an event must have; a function is asked about the value. */
export type Expected = { type: QueueEvent['type']; id: string } & Record<string, unknown>;

export type Plan =
  | { refused: string }
  | { events: Expected[]; answer: (seqOf: (type: string, id: string) => number) => unknown };

/** What this operation is to write and to answer in this state; undefined for those that are many frames. */
export function plan(state: State, at: number, request: Request): Plan | undefined {
  switch (request.kind) {
    case 'enqueue':
      return enqueue(state, at, request.specs);
    case 'ack':
      return verdict(state, request.ref, () => [{ type: 'ACK', id: request.ref.id }]);
    case 'fail':
      return verdict(state, request.ref, (job) => [judged(job, at, request.delayMs, request.dead, 'failed')]);
    case 'timeout': {
      const { id } = request.ref;
      const judge = (job: Job): Expected[] => [
        { type: 'TIMEOUT', id },
        judged(job, at, undefined, undefined, 'timeout'),
      ];
      return verdict(state, request.ref, judge);
    }
    case 'giveBack':
      return verdict(state, request.ref, (job) => [
        job.marked
          ? { type: 'DEAD', id: job.id, reason: 'cancelled' }
          : { type: 'RETRY', id: job.id, reason: 'stopped', refund: true, runAt: at + (request.delayMs ?? 0) },
      ]);
    case 'leased':
      return holder(state, request.token) ? { events: [], answer: () => ({}) } : { refused: 'E_LEASE_OVER' };
    case 'extend': {
      const job = holder(state, request.token);
      if (job === undefined) return { refused: 'E_LEASE_OVER' };
      const deadlineMs = at + request.ms;
      return { events: [{ type: 'EXTEND', id: job.id, deadlineMs }], answer: () => ({ deadlineMs }) };
    }
    case 'cancel':
    case 'promote':
    case 'remove':
    case 'update':
    case 'redrive': {
      const job = state.jobs.get(request.id);
      return job === undefined ? { refused: 'E_JOB_UNKNOWN' } : byHand(state, at, job, request);
    }
    case 'pause':
      return written({ ...request.scope, type: 'PAUSE', id: '', at });
    case 'resume':
      return state.pauses.has(scopeOf(request.scope))
        ? written({ type: 'RESUME', id: '', at, name: request.scope.name, group: request.scope.group })
        : { events: [], answer: () => ({}) };
    case 'limit': {
      const { group, ...wanted } = request.limits;
      const now: Readonly<Record<string, unknown>> = { ...state.limits.get(group) };
      const lifted = (value: unknown): boolean => value === 0 || (value as { count?: number }).count === 0;
      const given = Object.entries(wanted).filter(([, value]) => value !== undefined);
      const isSo = ([name, value]: [string, unknown]): boolean =>
        lifted(value) ? now[name] === undefined : JSON.stringify(now[name]) === JSON.stringify(value);
      if (given.length > 0 && given.every(isSo)) return { events: [], answer: () => ({}) };
      return written({ type: 'LIMIT', id: '', ...request.limits });
    }
    case 'schedule':
      return written({ type: 'SCHEDULE', id: request.spec.id, rule: request.spec.rule, missed: request.spec.missed });
    case 'unschedule':
      return state.schedules.has(request.id)
        ? written({ type: 'UNSCHEDULE', id: request.id })
        : { refused: 'E_SCHEDULE_UNKNOWN' };
    default:
      return undefined;
  }
}

function written(event: Expected): Plan {
  return { events: [event], answer: (seqOf) => ({ seq: seqOf(event.type, event.id) }) };
}

export function holder(state: State, token: string): Job | undefined {
  return [...state.jobs.values()].find(
    ({ phase, owner }) => phase === 'works' && owner?.kind === 'lease' && owner.token === token,
  );
}

export function withChildren(state: State, events: Expected[]): Expected[] {
  const dead = events.filter(({ type }) => type === 'DEAD' || type === 'CANCEL').map(({ id }) => id);
  const children = [...descendants(state, dead)].filter((id) => !dead.includes(id));
  return [...events, ...children.map((id): Expected => ({ type: 'DEAD', id, reason: 'parent' }))];
}

function verdict(state: State, ref: Ref, judge: (job: Job) => Expected[]): Plan {
  const job = state.jobs.get(ref.id);
  if (job?.phase !== 'works' || job.dispatchSeq !== ref.dispatchSeq) return { refused: 'E_ATTEMPT_OVER' };
  const own = judge(job);
  const last: Partial<Expected> = own.at(-1) ?? {};
  const { type = 'ACK', runAt, reason } = last;
  const answer = (seq: number): unknown => {
    if (type === 'ACK') return { seq, resultDropped: false };
    return type === 'RETRY' ? { verdict: 'retry', seq, reason, runAt } : { verdict: 'dead', seq, reason };
  };
  return { events: withChildren(state, own), answer: (seqOf) => answer(seqOf(type, ref.id)) };
}

export function judged(
  job: Job,
  at: number,
  delayMs: number | undefined,
  dead: string | undefined,
  why: string,
): Expected {
  const { id } = job;
  if (job.marked) return { type: 'DEAD', id, reason: 'cancelled' };
  if (dead !== undefined) return { type: 'DEAD', id, reason: dead };
  if (job.attempt >= job.attemptsMax) return { type: 'DEAD', id, reason: 'attempts' };
  return { type: 'RETRY', id, reason: why, refund: false, reset: false, runAt: later(job, at, delayMs) };
}

function later(job: Job, at: number, delayMs: number | undefined): number | ((runAt: unknown) => boolean) {
  if (delayMs !== undefined) return at + delayMs;
  if (job.backoff === 'none') return at;
  if (job.backoff === 'fixed:1s') return at + 1000;
  // exp:1s..4s~0.5
  const longest = Math.min(4000, 1000 * 2 ** (job.attempt - 1));
  return (runAt) => typeof runAt === 'number' && runAt >= at + longest / 2 && runAt <= at + longest;
}

type ByHand = Extract<Request, { kind: 'cancel' | 'promote' | 'remove' | 'update' | 'redrive' }>;

function byHand(state: State, at: number, job: Job, request: ByHand): Plan {
  const { id, phase } = job;
  switch (request.kind) {
    case 'cancel': {
      if (ended(job) || job.marked) return { refused: 'E_JOB_STATE' };
      const own: Expected = { type: 'CANCEL', id };
      const marks = job.owner?.kind === 'runner';
      const events = marks ? [own] : withChildren(state, [own]);
      const alsoDead = new Set(events.slice(1).map((event) => event.id));
      const status = marks ? 'cancelling' : 'cancelled';
      return { events, answer: (seqOf) => ({ seq: seqOf('CANCEL', id), status, alsoDead }) };
    }
    case 'promote':
      if (phase !== 'waits' || job.runAt <= at) return { refused: 'E_JOB_STATE' };
      return written({ type: 'UPDATE', id, runAt: at });
    case 'remove':
      if (phase === 'works') return { refused: 'E_JOB_STATE' };
      return childrenOf(state, id).length > 0 ? { refused: 'E_HAS_CHILDREN' } : written({ type: 'REMOVE', id });
    case 'update': {
      if (phase !== 'waits') return { refused: 'E_JOB_STATE' };
      const { priority, attempts, delayMs, backoff, group, expireMs } = request.change;
      const given = Object.values(request.change).some((value) => value !== undefined);
      if (!given) return { refused: 'E_JOB' };
      const runAt = delayMs === undefined ? undefined : at + delayMs;
      const expiresAt = expireMs === undefined ? undefined : at + expireMs;
      return written({ type: 'UPDATE', id, priority, maxAttempts: attempts, runAt, backoff, group, expiresAt });
    }
    case 'redrive': {
      if (phase !== 'dead') return { refused: 'E_JOB_STATE' };
      const isDead = (parent: string): boolean => state.jobs.get(parent)?.phase === 'dead';
      if (job.parents.some(isDead)) return { refused: 'E_PARENT_DEAD' };
      const came = new Map([[id, job]]);
      for (const one of state.jobs.values()) {
        const { phase, reason, parents } = one;
        if (phase === 'dead' && reason === 'parent' && parents.some((parent) => came.has(parent)))
          came.set(one.id, one);
      }
      const back = freeToLive(state, came.values());
      if (!back.has(id)) return { refused: 'E_JOB_STATE' };
      const { reset } = request;
      const events = [...back].map(
        (one): Expected => ({ type: 'RETRY', id: one, reason: 'redrive', reset, refund: false, runAt: at }),
      );
      const also = new Set([...back].slice(1));
      return { events, answer: (seqOf) => ({ seq: seqOf('RETRY', id), also }) };
    }
  }
}

/** The job that holds this key: the newest unfinished one, else the newest whose time has not run out. */
function keyHolders(state: State, key: string, at: number, without: ReadonlySet<string>): Job[] {
  const jobs = [...state.jobs.values()].filter((job) => job.key === key && !without.has(job.id));
  const held = jobs.filter((job) => !ended(job) || job.keyUntil > at);
  return held.sort((a, b) => Number(ended(a)) - Number(ended(b)) || b.seq - a.seq);
}

function enqueue(state: State, at: number, specs: readonly JobSpec[]): Plan {
  const fresh = new Map<string, JobSpec>();
  const removed = new Set<string>();
  const answers: ((seqOf: (type: string, id: string) => number) => unknown)[] = [];
  for (const spec of specs) {
    const id = spec.id ?? '';
    const known = removed.has(id) ? undefined : state.jobs.get(id);
    const duplicate = (of: string): void => {
      const seq = state.jobs.get(of)?.seq;
      const old = fresh.has(of) ? undefined : seq;
      answers.push((seqOf) => ({ id: of, status: 'duplicate', seq: old ?? seqOf('ENQUEUE', of) }));
    };
    if (fresh.has(id) || known !== undefined) {
      duplicate(id);
      continue;
    }
    let status = {};
    if (spec.key !== undefined) {
      const sibling = [...fresh.values()].find((other) => other.key === spec.key)?.id;
      const replace = spec.keyMode === 'replace';
      if (sibling !== undefined && replace) return { refused: 'E_JOB' };
      const holders = keyHolders(state, spec.key, at, removed);
      const taken = sibling ?? (replace ? undefined : holders[0]?.id);
      if (taken !== undefined) {
        duplicate(taken);
        continue;
      }
      const waiting = holders.find(({ phase }) => phase === 'waits');
      if (replace && waiting !== undefined) {
        if (childrenOf(state, waiting.id).length > 0) return { refused: 'E_HAS_CHILDREN' };
        removed.add(waiting.id);
        status = { status: 'replaced', replaced: waiting.id };
      }
    }
    fresh.set(id, spec);
    answers.push((seqOf) => ({ id, status: 'enqueued', ...status, seq: seqOf('ENQUEUE', id) }));
  }
  const fault = parentFault(state, fresh, removed);
  if (fault !== undefined) return { refused: fault };
  const max = state.limits.get('')?.pendingMax;
  const waiting = [...state.jobs.values()].filter(({ phase }) => phase === 'waits').length - removed.size;
  if (max !== undefined && fresh.size > 0 && waiting + fresh.size > max) return { refused: 'E_QUEUE_FULL' };
  const events = [
    ...[...removed].map((id): Expected => ({ type: 'REMOVE', id })),
    ...[...fresh].map(([id, spec]): Expected => enqueued(id, spec, at)),
  ];
  return { events, answer: (seqOf) => answers.map((answer) => answer(seqOf)) };
}

function enqueued(id: string, spec: JobSpec, at: number): Expected {
  const { name = 'default', group = '', priority = 0, attempts = 3, delayMs = 0, key, keyTtlMs, expireMs } = spec;
  const given = (value: number | undefined): number | undefined => (value === undefined ? undefined : at + value);
  const parents = spec.after?.length ? [...new Set(spec.after)] : undefined;
  const times = { runAt: at + delayMs, keyUntil: given(keyTtlMs), expiresAt: given(expireMs) };
  return { type: 'ENQUEUE', id, at, name, group, priority, maxAttempts: attempts, key, parents, ...times };
}

function parentFault(
  state: State,
  fresh: ReadonlyMap<string, JobSpec>,
  removed: ReadonlySet<string>,
): string | undefined {
  for (const { after = [] } of fresh.values()) {
    for (const id of after) {
      if (fresh.has(id)) continue;
      const parent = removed.has(id) ? undefined : state.jobs.get(id);
      if (parent === undefined) return 'E_PARENT_UNKNOWN';
      if (parent.phase === 'dead') return 'E_PARENT_DEAD';
    }
  }
  const open = new Map(fresh);
  for (let size = open.size + 1; open.size < size; ) {
    size = open.size;
    for (const [id, { after = [] }] of open) if (!after.some((parent) => open.has(parent))) open.delete(id);
  }
  return open.size > 0 ? 'E_CYCLE' : undefined;
}

import type { EnqueueEvent, Owner, QueueEvent } from '../../../src/queue/events/event-types.ts';
import type { Limits, MissedSlots, ScheduleEvent } from '../../../src/queue/events/setting-types.ts';

/**
 * A queue in memory, as EVENTS.md describes it and as plainly as it can be said: the yardstick for the real one. States
 * are never changed: `after` answers with the next one, or throws for an event that cannot happen.
 */
export interface Job {
  readonly id: string;
  readonly seq: number;
  readonly phase: 'waits' | 'works' | 'done' | 'dead';
  readonly name: string;
  readonly group: string;
  readonly command: boolean;
  readonly priority: number;
  readonly attemptsMax: number;
  readonly backoff: string;
  readonly payload: string | undefined;
  readonly attempt: number;
  readonly crashes: number;
  /** When it last began to wait. */
  readonly waitsSince: number;
  readonly runAt: number;
  readonly parents: readonly string[];
  /** Parents that have not completed. */
  readonly awaits: readonly string[];
  readonly key: string | undefined;
  readonly keyUntil: number;
  readonly expiresAt: number | undefined;
  readonly dispatchSeq: number | undefined;
  readonly owner: Owner | undefined;
  readonly marked: boolean;
  readonly timedOut: boolean;
  readonly endSeq: number;
  readonly endedAt: number;
  readonly reason: string;
}

interface Schedule {
  readonly event: ScheduleEvent;
  readonly everyMs: number;
  readonly missed: MissedSlots;
  readonly last: number;
}

export interface State {
  readonly jobs: ReadonlyMap<string, Job>;
  /** 'queue', 'name x' or 'group g'. */
  readonly pauses: ReadonlySet<string>;
  readonly limits: ReadonlyMap<string, Limits>;
  readonly schedules: ReadonlyMap<string, Schedule>;
}

export const empty: State = { jobs: new Map(), pauses: new Set(), limits: new Map(), schedules: new Map() };

export function scopeOf({ name, group }: { name?: string | undefined; group?: string | undefined }): string {
  if (name !== undefined) return `name ${name}`;
  return group === undefined ? 'queue' : `group ${group}`;
}

export function ended(job: Job): boolean {
  return job.phase === 'done' || job.phase === 'dead';
}

export function childrenOf(state: State, id: string): Job[] {
  return [...state.jobs.values()].filter((job) => job.phase === 'waits' && job.awaits.includes(id));
}

/** Of these dead jobs, in the order they were enqueued, those that may live again together. */
export function freeToLive(state: State, candidates: Iterable<Job>): Set<string> {
  const back = new Set<string>();
  const keys = new Set([...state.jobs.values()].filter((job) => !ended(job)).map(({ key }) => key));
  for (const { id, parents, key } of candidates) {
    if (parents.some((parent) => state.jobs.get(parent)?.phase === 'dead' && !back.has(parent))) continue;
    if (key !== undefined && keys.has(key)) continue;
    back.add(id);
    keys.add(key);
  }
  return back;
}

/** All that wait for these, directly or not. */
export function descendants(state: State, ids: Iterable<string>): Set<string> {
  const found = new Set<string>();
  for (const open = [...ids]; open.length > 0; ) {
    for (const child of childrenOf(state, open.pop() ?? '')) {
      if (!found.has(child.id)) open.push(child.id);
      found.add(child.id);
    }
  }
  return found;
}

export function after(state: State, event: QueueEvent, seq: number): State {
  const jobs = new Map(state.jobs);
  const must = (condition: boolean, rule: string): void => {
    if (!condition) throw new Error(`seq ${seq}: ${event.type} ${event.id}: ${rule}`);
  };
  const put = (job: Job, change: Partial<Job>): State => {
    jobs.set(job.id, { ...job, ...change });
    return { ...state, jobs };
  };
  const job = jobs.get(event.id);
  const known = (): Job => {
    if (job === undefined) throw new Error(`seq ${seq}: ${event.type} of ${event.id}, which is unknown`);
    return job;
  };
  const over = { endSeq: seq, endedAt: event.at, awaits: [] };
  switch (event.type) {
    case 'ENQUEUE': {
      must(job === undefined, 'is there already');
      must(
        (event.parents ?? []).every((id) => jobs.has(id) && jobs.get(id)?.phase !== 'dead'),
        'parent gone or dead',
      );
      const next = put(fresh(event, seq), { awaits: unfinished(state, event.parents ?? []) });
      if (event.slot === undefined) return next;
      const schedule = state.schedules.get(event.slot.schedule);
      if (schedule === undefined) throw new Error(`seq ${seq}: made by an unknown schedule`);
      const fired = { ...schedule, last: Math.max(schedule.last, event.slot.at) };
      return { ...next, schedules: new Map(state.schedules).set(event.slot.schedule, fired) };
    }
    case 'DISPATCH':
      must(known().phase === 'waits' && known().awaits.length === 0, 'does not wait to run');
      must(event.attempt === known().attempt + 1, 'miscounts its attempts');
      return put(known(), { phase: 'works', attempt: event.attempt, dispatchSeq: seq, owner: event.owner });
    case 'ACK':
      must(known().phase === 'works', 'nobody works on it');
      for (const child of childrenOf(state, event.id)) {
        jobs.set(child.id, { ...child, awaits: child.awaits.filter((id) => id !== event.id) });
      }
      return put(known(), { phase: 'done', ...over });
    case 'RETRY': {
      must(known().phase !== 'done' && (known().phase !== 'waits' || known().timedOut), 'has nothing to try again');
      const dead = known().phase === 'dead';
      must(!dead || known().parents.every((id) => jobs.get(id)?.phase !== 'dead'), 'has a dead parent');
      return put(known(), {
        phase: 'waits',
        awaits: dead ? unfinished(state, known().parents) : [],
        runAt: event.runAt,
        waitsSince: event.at,
        attempt: event.reset ? 0 : known().attempt - (event.refund ? 1 : 0),
        crashes: event.reset ? 0 : known().crashes + (event.reason === 'crash' ? 1 : 0),
        ...{ expiresAt: undefined, dispatchSeq: undefined, owner: undefined, marked: false, timedOut: false },
      });
    }
    case 'TIMEOUT':
      must(known().phase === 'works', 'nobody works on it');
      return put(known(), { phase: 'waits', timedOut: true, runAt: event.at, waitsSince: event.at });
    case 'DEAD':
      must(!ended(known()), 'is over already');
      return put(known(), { phase: 'dead', reason: event.reason, timedOut: false, ...over });
    case 'CANCEL':
      must(!ended(known()) && !known().marked, 'is over already');
      if (known().owner?.kind === 'runner') return put(known(), { marked: true });
      return put(known(), { phase: 'dead', reason: 'cancelled', ...over });
    case 'UPDATE':
      must(known().phase === 'waits' && !known().timedOut, 'does not wait');
      return put(known(), {
        priority: event.priority ?? known().priority,
        attemptsMax: event.maxAttempts ?? known().attemptsMax,
        runAt: event.runAt ?? known().runAt,
        group: event.group ?? known().group,
        backoff: event.backoff ?? known().backoff,
        expiresAt: event.expiresAt ?? known().expiresAt,
        payload: textOf(event.payload) ?? known().payload,
      });
    case 'EXTEND': {
      const owner = known().phase === 'works' ? known().owner : undefined;
      if (owner?.kind !== 'lease') throw new Error(`seq ${seq}: extends what is not leased`);
      return put(known(), { owner: { ...owner, deadlineMs: event.deadlineMs } });
    }
    case 'REMOVE':
      must(known().phase !== 'works', 'somebody works on it');
      must(childrenOf(state, event.id).length === 0, 'leaves its children waiting');
      jobs.delete(event.id);
      return { ...state, jobs };
    case 'PRUNE':
      for (const id of event.ids ?? []) {
        const listed = jobs.get(id);
        must(listed !== undefined && ended(listed), `${id} is not over`);
        jobs.delete(id);
      }
      for (const one of state.jobs.values()) {
        const concerned = one.phase === 'done' ? event.cutoff?.completed : one.phase === 'dead' && event.cutoff?.dead;
        if (concerned && one.endSeq <= (event.cutoff?.seq ?? 0)) jobs.delete(one.id);
      }
      return { ...state, jobs };
    case 'PAUSE':
      return { ...state, pauses: new Set(state.pauses).add(scopeOf(event)) };
    case 'RESUME': {
      must(state.pauses.has(scopeOf(event)), 'nothing of it is paused');
      return { ...state, pauses: new Set([...state.pauses].filter((scope) => scope !== scopeOf(event))) };
    }
    case 'LIMIT': {
      const { concurrency, rate, pendingMax, payloadBytesMax, keepMs, keepCount } = event;
      const given = { concurrency, rate, pendingMax, payloadBytesMax, keepMs, keepCount };
      const set = Object.entries(given).filter(([, value]) => value !== undefined);
      const merged = { ...state.limits.get(event.group), ...Object.fromEntries(set) };
      const left = Object.entries(merged).filter(([, value]) => value !== 0 && (value as typeof rate)?.count !== 0);
      return { ...state, limits: new Map(state.limits).set(event.group, Object.fromEntries(left)) };
    }
    case 'SCHEDULE': {
      const everyMs = event.rule.kind === 'every' ? event.rule.everyMs : Number.NaN;
      const schedule = { event, everyMs, missed: event.missed, last: event.at };
      return { ...state, schedules: new Map(state.schedules).set(event.id, schedule) };
    }
    case 'UNSCHEDULE':
      must(state.schedules.has(event.id), 'there is none');
      return { ...state, schedules: new Map([...state.schedules].filter(([id]) => id !== event.id)) };
  }
}

/** Those that have not completed. One that is forgotten had. */
function unfinished(state: State, parents: readonly string[]): string[] {
  return parents.filter((id) => state.jobs.has(id) && state.jobs.get(id)?.phase !== 'done');
}

function fresh(event: EnqueueEvent, seq: number): Job {
  return {
    ...{ id: event.id, seq, phase: 'waits', name: event.name, group: event.group, priority: event.priority },
    ...{ command: event.command !== undefined, attemptsMax: event.maxAttempts, backoff: event.backoff },
    ...{
      payload: textOf(event.payload),
      attempt: 0,
      crashes: 0,
      waitsSince: event.at,
      runAt: event.runAt,
    },
    ...{ parents: event.parents ?? [], awaits: [], key: event.key, keyUntil: event.keyUntil ?? 0 },
    ...{ expiresAt: event.expiresAt, dispatchSeq: undefined, owner: undefined, marked: false, timedOut: false },
    ...{ endSeq: 0, endedAt: 0, reason: '' },
  };
}

function textOf(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined ? undefined : Buffer.from(bytes).toString();
}

import { damageError } from '../../base/errors.ts';
import type { JobTemplate } from '../events/event-base.ts';
import { type Packed, pack } from '../events/packed.ts';
import type {
  LimitEvent,
  Limits,
  MissedSlots,
  PauseEvent,
  PauseScope,
  ResumeEvent,
  ScheduleEvent,
  ScheduleRule,
} from '../events/setting-types.ts';

/** A pause in force. */
export interface Pause extends PauseScope {
  readonly at: number;
  readonly reason: string | undefined;
}

/** The limits of a group, or of the queue ('' as group). What is not limited is undefined. */
export interface LimitSet extends Readonly<Limits> {
  readonly group: string;
}

export interface Schedule {
  readonly id: string;
  readonly rule: ScheduleRule;
  readonly missed: MissedSlots;
  readonly template: JobTemplate<Packed>;
  readonly expiresAfterMs: number;
  /** When it was set, ms since the epoch: no slot up to then fires. */
  readonly at: number;
  /** The latest slot that fired. */
  readonly lastSlot: number | undefined;
}

/** The settings part of the state: lasts in log and snapshots, changed by events only. Values are immutable. */
export class Settings {
  readonly #pauses = new Map<string, Pause>();
  readonly #limits = new Map<string, LimitSet>();
  readonly #schedules = new Map<string, Schedule>();

  /** In canonical order, as all lists here. */
  get pauses(): Pause[] {
    return ordered(this.#pauses);
  }
  get limits(): LimitSet[] {
    return ordered(this.#limits);
  }
  get schedules(): Schedule[] {
    return ordered(this.#schedules);
  }

  schedule(id: string): Schedule | undefined {
    return this.#schedules.get(id);
  }

  /** Of a group; '' = of the whole queue. */
  limitsOf(group: string): LimitSet | undefined {
    return this.#limits.size === 0 ? undefined : this.#limits.get(group);
  }

  /** The pause of exactly this scope. */
  pauseOf(scope: PauseScope): Pause | undefined {
    return this.#pauses.size === 0 ? undefined : this.#pauses.get(scopeKey(scope));
  }

  /** Does a pause hold jobs of this name and group back? */
  holdsBack(name: string, group: string): boolean {
    if (this.#pauses.size === 0) return false;
    return this.#pauses.has('') || this.#pauses.has(`n${name}`) || (group !== '' && this.#pauses.has(`g${group}`));
  }

  pause(event: PauseEvent): void {
    const { name, group, at, reason } = event;
    this.#pauses.set(scopeKey(event), {
      ...(name !== undefined && { name }),
      ...(group !== undefined && { group }),
      at,
      reason,
    });
  }

  /** False when nothing was paused. */
  resume(event: ResumeEvent): boolean {
    return this.#pauses.delete(scopeKey(event));
  }

  limit(event: LimitEvent): void {
    const before = this.#limits.get(event.group);
    const rate = event.rate ?? before?.rate;
    const set: LimitSet = {
      group: event.group,
      concurrency: (event.concurrency ?? before?.concurrency) || undefined,
      rate: rate?.count ? rate : undefined,
      pendingMax: (event.pendingMax ?? before?.pendingMax) || undefined,
      payloadBytesMax: (event.payloadBytesMax ?? before?.payloadBytesMax) || undefined,
      keepMs: (event.keepMs ?? before?.keepMs) || undefined,
      keepCount: (event.keepCount ?? before?.keepCount) || undefined,
    };
    const { group, ...limits } = set;
    if (Object.values(limits).every((value) => value === undefined)) this.#limits.delete(group);
    else this.#limits.set(group, set);
  }

  /** Also replaces. */
  put(schedule: Schedule): void {
    this.#schedules.set(schedule.id, schedule);
  }

  /** False when there is none. */
  unschedule(id: string): boolean {
    return this.#schedules.delete(id);
  }

  /** A job was made for this slot. False when there is no such schedule. */
  fired(id: string, slot: number): boolean {
    const schedule = this.#schedules.get(id);
    if (schedule === undefined) return false;
    this.#schedules.set(id, { ...schedule, lastSlot: Math.max(slot, schedule.lastSlot ?? 0) });
    return true;
  }

  /** One entry of a snapshot. Throws E_APPLY when it is there twice. */
  load(entry: SettingEntry): void {
    if (entry.kind === 'pause') insert(this.#pauses, scopeKey(entry.pause), entry.pause);
    else if (entry.kind === 'limits') insert(this.#limits, entry.limits.group, entry.limits);
    else insert(this.#schedules, entry.schedule.id, entry.schedule);
  }

  /** What a snapshot holds of it, in canonical order. */
  entries(): SettingEntry[] {
    return [
      ...this.limits.map((limits) => ({ kind: 'limits', limits }) as const),
      ...this.pauses.map((pause) => ({ kind: 'pause', pause }) as const),
      ...this.schedules.map((schedule) => ({ kind: 'schedule', schedule }) as const),
    ];
  }
}

/** The schedule that an event sets. Keeps no reference to its payload. */
export function scheduleOf(event: ScheduleEvent<Packed>): Schedule {
  const { id, rule, missed, template, expiresAfterMs, at } = event;
  const { payload } = template;
  const kept = { ...template, payload: payload === undefined ? undefined : pack(payload) };
  return { id, rule, missed, template: kept, expiresAfterMs, at, lastSlot: undefined };
}

export type SettingEntry =
  | { kind: 'limits'; limits: LimitSet }
  | { kind: 'pause'; pause: Pause }
  | { kind: 'schedule'; schedule: Schedule };

/** '' = the whole queue. */
function scopeKey(scope: PauseScope): string {
  if (scope.name !== undefined) return `n${scope.name}`;
  return scope.group === undefined ? '' : `g${scope.group}`;
}

function insert<T>(map: Map<string, T>, key: string, value: T): void {
  if (map.has(key)) throw damageError('E_APPLY', 'snapshot entry does not fit: a setting is there twice');
  map.set(key, value);
}

/** By code units of the keys: the same state has the same order, whatever its history. */
function ordered<T>(map: ReadonlyMap<string, T>): T[] {
  if (map.size < 2) return [...map.values()];
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value);
}

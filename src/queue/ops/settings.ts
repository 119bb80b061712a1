import { usageError } from '../../base/errors.ts';
import type { ScheduleSpec } from '../engine-types.ts';
import { eventLimits } from '../events/event-types.ts';
import type { Packed } from '../events/packed.ts';
import type { LimitEvent, Limits, PauseScope, ScheduleEvent } from '../events/setting-types.ts';
import { checkRule } from '../state/slots.ts';
import { type EngineContext, reservedSchedule, reservedSettings } from './context.ts';
import { unknownSchedule } from './engine-checks.ts';
import { checkLabel, enqueueEvent } from './spec.ts';

/** What lasts until it is changed: pauses, limits, schedules. */

/** The ids of its jobs begin with it, and go on with the time of the slot. */
const scheduleIdBytesMax = 128;

/** No job of this scope is begun until `resume`. Pausing what is paused replaces the reason. */
export async function pause(engine: EngineContext, scope: PauseScope, reason?: string): Promise<{ seq: number }> {
  checkScope(scope);
  return await engine.reserved.hold([reservedSettings], async () => ({
    seq: await engine.commits.append([{ ...scopeOnly(scope), type: 'PAUSE', id: '', at: engine.now(), reason }]),
  }));
}

/** Ends exactly this pause. Answers without a seq when there is none. */
export async function resume(engine: EngineContext, scope: PauseScope): Promise<{ seq?: number }> {
  checkScope(scope);
  return await engine.reserved.hold([reservedSettings], async () => {
    if (engine.machine.settings.pauseOf(scope) === undefined) return {};
    return { seq: await engine.commits.append([{ ...scopeOnly(scope), type: 'RESUME', id: '', at: engine.now() }]) };
  });
}

/** Callers may pass a pause they found: its time and reason are not the new event's. */
function scopeOnly({ name, group }: PauseScope): PauseScope {
  return { ...(name !== undefined && { name }), ...(group !== undefined && { group }) };
}

function checkScope({ name, group }: PauseScope): void {
  if (name !== undefined && group !== undefined) throw usageError('E_FIELD', 'name and group exclude each other');
  if (name !== undefined) checkLabel('name', name, eventLimits.nameBytes);
  if (group !== undefined) checkLabel('group', group, eventLimits.groupBytes);
}

/**
 * Sets the limits that are given; 0 takes one away. Answers without a seq when all of them stand so already: whoever
 * makes sure of a limit with every job does not fill the log. Throws usageError E_FIELD.
 */
export async function limit(
  engine: EngineContext,
  limits: Omit<LimitEvent, 'type' | 'id' | 'at' | 'from' | 'extra'>,
): Promise<{ seq?: number }> {
  if (limits.group !== '') checkLabel('group', limits.group, eventLimits.groupBytes);
  return await engine.reserved.hold([reservedSettings], async () => {
    if (standsSo(engine.machine.settings.limitsOf(limits.group) ?? {}, limits)) return {};
    return { seq: await engine.commits.append([{ ...limits, type: 'LIMIT', id: '', at: engine.now() }]) };
  });
}

function standsSo(now: Limits, wanted: Limits): boolean {
  const names = ['concurrency', 'pendingMax', 'payloadBytesMax', 'keepMs', 'keepCount'] as const;
  const given = names.filter((name) => wanted[name] !== undefined);
  const { rate } = wanted;
  if (given.length === 0 && rate === undefined) return false;
  const sameRate =
    rate === undefined || (rate.count === (now.rate?.count ?? 0) && rate.perMs === (now.rate?.perMs ?? rate.perMs));
  return sameRate && given.every((name) => (now[name] ?? 0) === wanted[name]);
}

/** Adds or replaces a schedule. Slots up to now never fire. Throws usageError E_SCHEDULE, and as `enqueue` for the job. */
export async function schedule(engine: EngineContext, spec: ScheduleSpec): Promise<{ seq: number }> {
  checkLabel('schedule', spec.id, scheduleIdBytesMax);
  checkRule(spec.rule, engine.now());
  const { id: _id, key, keyMode, keyTtlMs, after, delayMs, runAt, expireMs, ...template } = spec.job;
  const odd = { key, key_mode: keyMode, key_ttl: keyTtlMs, after, delay: delayMs, at: runAt };
  for (const [field, value] of Object.entries(odd)) {
    if (value !== undefined) throw usageError('E_SCHEDULE', `${field} is no option of jobs that a schedule makes`);
  }
  return await engine.reserved.hold([reservedSchedule(spec.id)], async () => {
    const at = engine.now();
    const job = enqueueEvent({ ...template, expireMs }, spec.id, at, engine.specLimits());
    const { name, payload, priority, maxAttempts, timeoutMs, backoff, command, group } = job;
    const event: ScheduleEvent<Packed> = {
      type: 'SCHEDULE',
      id: spec.id,
      at,
      rule: spec.rule,
      missed: spec.missed ?? 'one',
      template: { name, payload, priority, maxAttempts, timeoutMs, backoff, command, group },
      expiresAfterMs: expireMs ?? 0,
    };
    return { seq: await engine.commits.append([event]) };
  });
}

/** Jobs it has made stay. Rejects with E_SCHEDULE_UNKNOWN. */
export async function unschedule(engine: EngineContext, id: string): Promise<{ seq: number }> {
  return await engine.reserved.hold([reservedSchedule(id)], async () => {
    if (engine.machine.settings.schedule(id) === undefined) throw unknownSchedule(id);
    return { seq: await engine.commits.append([{ type: 'UNSCHEDULE', id, at: engine.now() }]) };
  });
}

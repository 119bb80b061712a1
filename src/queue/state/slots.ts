import { createRequire } from 'node:module';
import type { Cron } from 'croner';
import { formatDuration } from '../../base/duration.ts';
import { isError, usageError } from '../../base/errors.ts';
import { excerpt } from '../../base/escape.ts';
import type { ScheduleRule } from '../events/setting-types.ts';
import type { Schedule } from './settings.ts';

/** When schedules fire. Pure: the time is passed in, and no timer runs. */

/** Most queues have no cron rule: what reads them is loaded when the first one is met. */
const load = createRequire(import.meta.url);
const everyMsMin = 1000;
/** Cron patterns are few and parsing one takes a while. */
const parsed = new Map<string, Cron>();
const parsedMax = 1000;

/** Throws usageError E_SCHEDULE for a rule that cannot be read, or never fires. */
export function checkRule(rule: ScheduleRule, now: number): void {
  if (rule.kind === 'every') {
    if (Number.isSafeInteger(rule.everyMs) && rule.everyMs >= everyMsMin) return;
    throw usageError('E_SCHEDULE', `every: must be ${formatDuration(everyMsMin)} or more`);
  }
  // Those who write JavaScript have no compiler that says so.
  if (typeof rule.cron !== 'string') throw usageError('E_SCHEDULE', 'a schedule needs a cron rule as text, or every');
  if (rule.cron.trim().split(/\s+/).length < 5 && !rule.cron.startsWith('@'))
    throw badCron(rule, "has too few fields; five are needed, as in '0 3 * * *', or six with seconds first");
  if (!isZone(rule.zone)) throw badCron(rule, 'there is no such time zone; one is Europe/Berlin');
  let first: Date | null;
  try {
    first = cronOf(rule).nextRun(new Date(now));
  } catch (error) {
    throw badCron(rule, isError(error) ? error.message.replace(/^\w+: /, '') : 'cannot be read');
  }
  if (first === null) throw badCron(rule, 'never fires');
}

function isZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}

function badCron(rule: Extract<ScheduleRule, { kind: 'cron' }>, why: string): Error {
  const text = `cron '${excerpt(rule.cron)}' in ${excerpt(rule.zone)}: ${excerpt(why, 200)}`;
  return usageError('E_SCHEDULE', text, { data: { cron: rule.cron, zone: rule.zone } });
}

/** The first slot after `ms`; undefined when there is none any more. */
export function slotAfter(schedule: Schedule, ms: number): number | undefined {
  const { rule } = schedule;
  if (rule.kind === 'every') {
    const passed = Math.max(0, Math.floor((ms - schedule.at) / rule.everyMs));
    return schedule.at + (passed + 1) * rule.everyMs;
  }
  return cronOf(rule).nextRun(new Date(ms))?.getTime();
}

/** The last slot at or before `ms`; undefined when there is none. */
export function slotBefore(schedule: Schedule, ms: number): number | undefined {
  const { rule } = schedule;
  if (rule.kind === 'every') {
    const passed = Math.floor((ms - schedule.at) / rule.everyMs);
    return passed < 1 ? undefined : schedule.at + passed * rule.everyMs;
  }
  // previousRuns looks strictly before its reference; slots are whole seconds.
  return cronOf(rule)
    .previousRuns(1, new Date(Math.floor(ms / 1000) * 1000 + 1000))[0]
    ?.getTime();
}

/** Of each schedule: a clock that is far ahead of itself would have jobs made without end. */
export const madeUpMax = 1000;

interface DueSlots {
  /** Oldest first. */
  slots: number[];
  /** Those that are never made up for, because `madeUpMax` newer ones are: the first and the last of them. */
  leftOut?: { first: number; last: number };
}

/** Slots that are due, `most` at the most. `upSinceMs`: slots up to then passed while nobody ran. */
export function dueSlots(schedule: Schedule, now: number, upSinceMs: number, most: number): DueSlots {
  const after = Math.max(schedule.lastSlot ?? 0, schedule.at);
  const first = slotAfter(schedule, after);
  if (first === undefined || first > now) return { slots: [] };
  if (schedule.missed === 'all') return madeUp(schedule, first, now, most);
  const latest = slotBefore(schedule, now);
  if (latest === undefined || latest <= after) return { slots: [] };
  return { slots: schedule.missed === 'one' || latest > upSinceMs ? [latest] : [] };
}

/** From the newest one back: what is left out is not walked through. */
function madeUp(schedule: Schedule, first: number, now: number, most: number): DueSlots {
  const slots: number[] = [];
  let slot = slotBefore(schedule, now);
  while (slot !== undefined && slot >= first && slots.length < madeUpMax) {
    slots.push(slot);
    slot = slotBefore(schedule, slot - 1);
  }
  const oldest = slots.reverse().slice(0, most);
  return slot !== undefined && slot >= first ? { slots: oldest, leftOut: { first, last: slot } } : { slots: oldest };
}

/** The first slot after `now` that has not fired: what it missed before is left out. */
export function nextSlot(schedule: Schedule, now: number): number | undefined {
  return slotAfter(schedule, Math.max(schedule.lastSlot ?? 0, schedule.at, now));
}

function cronOf(rule: Extract<ScheduleRule, { kind: 'cron' }>): Cron {
  const key = `${rule.zone} ${rule.cron}`;
  let cron = parsed.get(key);
  if (cron === undefined) {
    const croner: typeof import('croner') = load('croner');
    cron = new croner.Cron(rule.cron, { timezone: rule.zone, paused: true });
    if (parsed.size >= parsedMax) parsed.clear();
    parsed.set(key, cron);
  }
  return cron;
}

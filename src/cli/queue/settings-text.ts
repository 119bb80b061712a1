import { agoText, formatDuration, roughly } from '../../base/duration.ts';
import { escapeText } from '../../base/escape.ts';
import type { ScheduleRule } from '../../queue/events/setting-types.ts';
import type { ScheduleReport, SettingsReport } from '../../queue/run/status.ts';
import type { LimitSet, Pause } from '../../queue/state/settings.ts';
import { scopeText } from '../scope-text.ts';
import { bytes, count, counted } from '../text.ts';

/** Pauses, limits and schedules, one line each. */
export function settingLines(settings: SettingsReport, now: number): [string, string][] {
  const { pauses, limits, schedules, more } = settings;
  return [
    ...block(
      'paused',
      pauses.map((pause) => pauseText(pause, now)),
      more.pauses,
    ),
    ...block('limits', limits.map(limitText), more.limits),
    ...block(
      'schedules',
      schedules.map((schedule) => scheduleText(schedule, now)),
      more.schedules,
    ),
  ];
}

function block(label: string, texts: readonly string[], more: number): [string, string][] {
  const all = more > 0 ? [...texts, `… and ${count(more)} more`] : texts;
  return all.map((text, index) => [index === 0 ? label : '', text]);
}

function pauseText(pause: Pause, now: number): string {
  const reason = pause.reason === undefined ? '' : `: ${escapeText(pause.reason)}`;
  return `${scopeText(pause)}, for ${roughly(now - pause.at)}${reason}`;
}

function limitText({ group, concurrency, rate, pendingMax, payloadBytesMax, keepMs, keepCount }: LimitSet): string {
  const parts = [
    concurrency === undefined ? [] : `${count(concurrency)} at a time`,
    rate === undefined ? [] : `${count(rate.count)} each ${formatDuration(rate.perMs)}`,
    pendingMax === undefined ? [] : `${count(pendingMax)} pending`,
    payloadBytesMax === undefined ? [] : `${bytes(payloadBytesMax)} a payload`,
    keepMs === undefined ? [] : `finished jobs kept for ${formatDuration(keepMs)}`,
    keepCount === undefined ? [] : `${counted(keepCount, 'finished job')} kept`,
  ].flat();
  return `${group === '' ? 'queue' : `group ${escapeText(group)}`}: ${parts.join(', ')}`;
}

function scheduleText({ id, rule, name, lastSlot, nextSlot }: ScheduleReport, now: number): string {
  const next = nextSlot === undefined ? 'never again' : `next in ${roughly(nextSlot - now)}`;
  const last = lastSlot === undefined ? '' : `, last ${agoText(now - lastSlot)}`;
  return `${escapeText(id)}: ${ruleText(rule)}, ${next}${last}, makes ${escapeText(name)}`;
}

function ruleText(rule: ScheduleRule): string {
  if (rule.kind === 'every') return `every ${formatDuration(rule.everyMs)}`;
  return `'${escapeText(rule.cron)}' ${escapeText(rule.zone)}`;
}

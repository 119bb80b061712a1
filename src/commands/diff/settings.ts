import { packedText } from '../../queue/events/packed.ts';
import type { SettingEntry } from '../../queue/state/settings.ts';
import { JsonText, stringify } from '../json-text.ts';

/** A pause, the limits of a group or the queue, or a schedule that is not the same on both sides. */
export interface SettingChange {
  kind: SettingEntry['kind'];
  /** Of a pause what it holds, of limits the group ('' = the queue), of a schedule its id. */
  scope: { name?: string; group?: string; id?: string };
  /** Its members; absent where it is not set. */
  before?: Readonly<Record<string, unknown>>;
  after?: Readonly<Record<string, unknown>>;
}

/**
 * What was set, changed or taken away, in canonical order: limits, pauses, schedules. When a schedule fired last is no
 * change of it.
 */
export function settingChanges(before: readonly SettingEntry[], after: readonly SettingEntry[]): SettingChange[] {
  const [old, now] = [keyed(before), keyed(after)];
  const changes: SettingChange[] = [];
  for (const [key, entry] of [...now, ...[...old].filter(([gone]) => !now.has(gone))]) {
    const [was, is] = [old.get(key), now.get(key)];
    const [wasText, isText] = [was && stringify(membersOf(was)), is && stringify(membersOf(is))];
    if (wasText === isText) continue;
    changes.push({
      kind: entry.kind,
      scope: scopeOf(entry),
      ...(was && { before: membersOf(was) }),
      ...(is && { after: membersOf(is) }),
    });
  }
  return changes;
}

function keyed(entries: readonly SettingEntry[]): Map<string, SettingEntry> {
  return new Map(entries.map((entry) => [`${entry.kind} ${JSON.stringify(scopeOf(entry))}`, entry]));
}

function scopeOf(entry: SettingEntry): SettingChange['scope'] {
  switch (entry.kind) {
    case 'limits':
      return { group: entry.limits.group };
    case 'pause': {
      const { name, group } = entry.pause;
      return { ...(name !== undefined && { name }), ...(group !== undefined && { group }) };
    }
    case 'schedule':
      return { id: entry.schedule.id };
  }
}

function membersOf(entry: SettingEntry): Readonly<Record<string, unknown>> {
  switch (entry.kind) {
    case 'limits': {
      const { group, rate, ...limits } = entry.limits;
      return { ...limits, rateCount: rate?.count, ratePerMs: rate?.perMs };
    }
    case 'pause':
      return { sinceMs: entry.pause.at, reason: entry.pause.reason };
    case 'schedule': {
      const { rule, missed, template, expiresAfterMs, at } = entry.schedule;
      const { payload, ...work } = template;
      return {
        ...(rule.kind === 'cron' ? { cron: rule.cron, zone: rule.zone } : { everyMs: rule.everyMs }),
        missed,
        ...work,
        payload: payload === undefined ? undefined : new JsonText(packedText(payload)),
        expiresAfterMs,
        setMs: at,
      };
    }
  }
}

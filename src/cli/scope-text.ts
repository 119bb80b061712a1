import { escapeText } from '../base/escape.ts';
import type { PauseScope } from '../queue/events/setting-types.ts';

/** What a pause holds: 'all jobs', 'jobs named mail', 'group eu'. Escaped. */
export function scopeText({ name, group }: PauseScope): string {
  if (name !== undefined) return `jobs named ${escapeText(name)}`;
  return group === undefined ? 'all jobs' : `group ${escapeText(group)}`;
}

import { formatDuration } from '../../base/duration.ts';
import { escapeText } from '../../base/escape.ts';
import { wordText } from '../../commands/event-row.ts';
import { JsonText, stringify } from '../../commands/json-text.ts';
import { isoTime } from '../text.ts';

/** A member of a job or a setting for people: `runAt`, not `runAtMs`; 'none' for what a side does not have. Escaped. */
export function valueText(name: string, value: unknown): string {
  if (value === undefined || value === null) return 'none';
  if (value instanceof JsonText) return escapeText(value.text);
  if (typeof value === 'number') return numberText(name, value);
  if (typeof value === 'string') return value === '' ? '""' : wordText(value);
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return wordText(value.join(','));
  return escapeText(stringify(value));
}

function numberText(name: string, value: number): string {
  if (durations.has(name)) return formatDuration(value);
  return name.endsWith('Ms') || name === 'setback.at' ? isoTime(value) : String(value);
}

const durations: ReadonlySet<string> = new Set([
  'timeoutMs',
  'durationMs',
  'ratePerMs',
  'everyMs',
  'expiresAfterMs',
  'keepMs',
]);

export function labelOf(name: string): string {
  return escapeText(name.replace(/Ms$/, ''));
}

/** `priority 0 -> 5`; `key=a` for what was not there before. */
export function changeText({ name, before, after }: { name: string; before?: unknown; after?: unknown }): string {
  if (before === undefined || before === null) return `${labelOf(name)}=${valueText(name, after)}`;
  return `${labelOf(name)} ${valueText(name, before)} -> ${valueText(name, after)}`;
}

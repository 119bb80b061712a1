import { formatDuration } from '../base/duration.ts';
import { escapeText } from '../base/escape.ts';
import { JsonText } from '../commands/json-text.ts';
import type { Seen } from '../commands/where/compile.ts';
import { bytes, isoTime } from './text.ts';

/** `dead is 1, oldest_ready is 5m`: what an expression has seen. Escaped. */
export function seenText(seen: readonly Seen[]): string {
  return seen.map((each) => `${escapeText(each.name)} is ${valueText(each)}`).join(', ');
}

function valueText({ kind, value }: Seen): string {
  if (value === undefined) return 'not there';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (value instanceof JsonText) return escapeText(value.text);
  if (typeof value === 'object') return escapeText(value.join(','));
  if (typeof value === 'string') return escapeText(value);
  if (kind === 'duration') return formatDuration(value);
  if (kind === 'time') return isoTime(value);
  return kind === 'size' ? bytes(value) : String(value);
}

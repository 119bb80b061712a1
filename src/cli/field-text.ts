import { formatDuration } from '../base/duration.ts';
import { escapeText } from '../base/escape.ts';
import { JsonText } from '../commands/json-text.ts';
import type { FieldKind, FieldValue } from '../commands/where/fields.ts';
import { bytes, isoTime } from './text.ts';

/** The value of a field of an expression, for people. */
export function valueText(kind: FieldKind, value: FieldValue | undefined): string {
  if (value === undefined) return 'not there';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (value instanceof JsonText) return escapeText(value.text);
  if (typeof value === 'object') return escapeText(value.join(','));
  if (typeof value === 'string') return escapeText(value);
  if (kind === 'duration') return formatDuration(value);
  if (kind === 'time') return isoTime(value);
  return kind === 'size' ? bytes(value) : String(value);
}

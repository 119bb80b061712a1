import { isError, usageError } from '../../base/errors.ts';
import { kindOf } from '../../base/kind-of.ts';
import { ownText } from '../../base/own-text.ts';
import { isRawJson } from '../../base/raw-json.ts';

/** A value as JSON text; undefined for undefined. Throws usageError E_JSON for what has no JSON form. */
export function jsonOf(value: unknown, what: string): string | undefined {
  if (value === undefined) return undefined;
  let text: string | undefined;
  try {
    if (isRawJson(value)) return ownText(value.text);
    text = JSON.stringify(value);
  } catch (cause) {
    throw usageError('E_JSON', `${what}: ${whyOf(cause)}`, { cause, data: { field: what } });
  }
  if (text === undefined)
    throw usageError('E_JSON', `${what}: ${kindOf(value)} has no JSON form`, { data: { field: what } });
  return text;
}

/** What a value of the user threw while it was written as JSON: anything, also what has no text. */
function whyOf(cause: unknown): string {
  try {
    return (isError(cause) ? cause.message.split('\n')[0] : undefined) ?? String(cause);
  } catch {
    return `what threw ${kindOf(cause)} has no JSON form`;
  }
}

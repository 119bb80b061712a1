import { usageError } from './errors.ts';
import { ownText } from './own-text.ts';

/** The same in every copy of this library that a process has loaded: a module of handlers may bring its own. */
const mark = Symbol.for('walq.rawJson');

/** JSON text that is put into the queue as it is: numbers keep all their digits, keys their order. */
export class RawJson {
  readonly text: string;

  get [mark](): true {
    return true;
  }

  constructor(text: string) {
    this.text = text;
  }
}

/** A payload or result given as JSON text. It is checked when it is used. */
export function rawJson(text: string): RawJson {
  return new RawJson(text);
}

/** Also of another copy of this library, which `instanceof` does not know. */
export function isRawJson(value: unknown): value is RawJson {
  return typeof value === 'object' && value !== null && mark in value;
}

/** A value as JSON text; undefined for undefined. Throws usageError E_JSON for what has no JSON form. */
export function jsonOf(value: unknown, what: string): string | undefined {
  if (value === undefined) return undefined;
  if (value instanceof RawJson) return ownText(value.text);
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
    throw usageError('E_JSON', `${what}: ${why}`, { cause, data: { field: what } });
  }
  if (text === undefined)
    throw usageError('E_JSON', `${what}: a ${typeof value} has no JSON form`, { data: { field: what } });
  return text;
}

import { WalqError } from '../../base/errors.ts';
import { type JsonKind, jsonElements, jsonKind, jsonMembers, jsonString, walkJsonElements } from '../../base/json.ts';

/** Reads parts of JSON texts as they were written, without building values. A text that is no JSON has no parts. */

/** Steps into a JSON text; deeper is nobody's payload. */
export const stepsMax = 32;

/**
 * The part at the end of the path: names of members, and of arrays the place from 0. Of a name that stands twice the
 * last counts, as it does for most programs. Undefined where there is no such part.
 */
export function partOf(text: string, path: readonly string[]): string | undefined {
  let part: string | undefined = text;
  for (const step of path) part = part === undefined ? undefined : stepInto(part, step);
  return part;
}

function stepInto(text: string, step: string): string | undefined {
  return orNone(() => {
    const kind = jsonKind(text);
    return kind === 'object' ? memberOf(text, step) : kind === 'array' ? elementOf(text, step) : undefined;
  });
}

function memberOf(text: string, name: string): string | undefined {
  return jsonMembers(text).findLast((member) => member.key === name)?.value;
}

function elementOf(text: string, step: string): string | undefined {
  if (!/^\d{1,9}$/.test(step)) return undefined;
  let left = Number(step);
  for (const element of walkJsonElements(text)) if (left-- === 0) return element;
  return undefined;
}

/**
 * `payload.items.0."strange key"` -> ['payload', 'items', '0', 'strange key']; undefined where a step is empty or no
 * dot stands before it.
 */
export function pathOf(word: string): string[] | undefined {
  const step = /(?:"((?:\\"|[^"\\]|\\(?!"))*)"|'((?:\\'|[^'\\]|\\(?!'))*)'|([^."']+))(\.|$)/y;
  const steps: string[] = [];
  let behindDot = true;
  while (step.lastIndex < word.length) {
    const match = step.exec(word);
    if (match === null) return undefined;
    const [, double, single, plain = '', end] = match;
    steps.push(double?.replaceAll('\\"', '"') ?? single?.replaceAll("\\'", "'") ?? plain);
    behindDot = end === '.';
  }
  return behindDot ? undefined : steps;
}

export function kindOf(text: string): JsonKind | undefined {
  return orNone(() => jsonKind(text));
}

/** The text of a JSON string; every other value as it is written. */
export function textOf(part: string): string {
  return kindOf(part) === 'string' ? (orNone(() => jsonString(part)) ?? part) : part;
}

export function elementsOf(text: string): readonly string[] {
  return orNone(() => jsonElements(text)) ?? [];
}

/** What stands in a record that a faulty program wrote need not be JSON. */
function orNone<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof WalqError) return undefined;
    throw error;
  }
}

import type { Code } from '../../base/code.ts';
import { usageError, type WalqError } from '../../base/errors.ts';
import { excerpt } from '../../base/escape.ts';
import { kindOf } from '../../base/kind-of.ts';

/** Nobody but TypeScript keeps a program from options that are none: one that is misspelled would be lost silently. */
export function checkOptions(
  options: unknown,
  allowed: ReadonlySet<string>,
  what: string,
  code: Code = 'E_OPTION',
): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    const got = Array.isArray(options) ? 'a list' : kindOf(options);
    throw usageError(code, `options of ${what} are an object, not ${got}`);
  }
  for (const option in options) {
    if (allowed.has(option)) continue;
    throw usageError(code, `'${option}' is no option of ${what}; allowed are ${[...allowed].join(', ')}`);
  }
}

/*
 * Of values: one that is absent is good. A wrong one would do something else than was meant, in silence: 'false' is
 * true, and 'mail' as a list of names is four of one letter each.
 */

export function checkWhole(option: string, value: unknown, least: number): void {
  if (value === undefined || (Number.isSafeInteger(value) && Number(value) >= least)) return;
  const got = typeof value === 'number' ? value : kindOf(value);
  throw wrongValue(option, `a whole number from ${least}`, got);
}

export function checkYesNo(option: string, value: unknown): void {
  if (value !== undefined && typeof value !== 'boolean') throw wrongValue(option, 'true or false', kindOf(value));
}

export function checkText(option: string, value: unknown): void {
  if (value !== undefined && typeof value !== 'string') throw wrongValue(option, 'text', kindOf(value));
}

export function checkOneOf(option: string, value: unknown, allowed: readonly string[]): void {
  if (value === undefined || (typeof value === 'string' && allowed.includes(value))) return;
  throw wrongValue(option, allowed.join(' or '), typeof value === 'string' ? `'${excerpt(value)}'` : kindOf(value));
}

/** A list of texts; `allowed`: of these alone. */
export function checkTexts(
  option: string,
  value: unknown,
  { allowed, code }: { allowed?: readonly string[]; code?: Code } = {},
): void {
  if (value === undefined) return;
  if (!Array.isArray(value)) throw wrongValue(option, 'a list of texts', kindOf(value), code);
  for (const text of value) {
    if (typeof text !== 'string') throw wrongValue(option, 'a list of texts', `one with ${kindOf(text)} in it`, code);
    if (allowed?.includes(text) === false) throw wrongValue(option, allowed.join(' or '), `'${excerpt(text)}'`, code);
  }
}

export function checkFunction(option: string, value: unknown): void {
  if (value !== undefined && typeof value !== 'function') throw wrongValue(option, 'a function', kindOf(value));
}

export function checkSignal(value: unknown): void {
  if (value !== undefined && !(value instanceof AbortSignal)) {
    throw wrongValue('signal', 'an AbortSignal', kindOf(value));
  }
}

function wrongValue(option: string, allowed: string, got: string | number, code: Code = 'E_OPTION'): WalqError {
  return usageError(code, `${option} must be ${allowed}, not ${got}`);
}

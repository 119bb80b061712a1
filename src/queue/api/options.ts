import { type Code, usageError } from '../../base/errors.ts';
import { kindOf } from '../../base/kind-of.ts';

/** Nobody but TypeScript keeps a program from options that are none: one that is misspelled would be lost silently. */
export function checkOptions(
  options: unknown,
  allowed: ReadonlySet<string>,
  what: string,
  code: Code = 'E_OPTION',
): void {
  if (typeof options !== 'object' || options === null) {
    throw usageError(code, `options of ${what} are an object, not ${kindOf(options)}`);
  }
  for (const option in options) {
    if (allowed.has(option)) continue;
    throw usageError(code, `'${option}' is no option of ${what}; allowed are ${[...allowed].join(', ')}`);
  }
}

/** An option that is absent is good. */
export function checkWhole(option: string, value: unknown, least: number): void {
  if (value === undefined || (Number.isSafeInteger(value) && Number(value) >= least)) return;
  const got = typeof value === 'number' ? value : kindOf(value);
  throw usageError('E_OPTION', `${option} must be a whole number from ${least}, not ${got}`);
}

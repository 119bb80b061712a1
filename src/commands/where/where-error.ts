import { usageError, type WalqError } from '../../base/errors.ts';

/** An expression as it was typed, and the flag it was typed for: `--where`, `--check`. */
export interface Source {
  flag: string;
  text: string;
  /** Fields that are known elsewhere, and why not here. */
  without?: { names: readonly string[]; why: string };
}

/** A part of it, in characters (UTF-16 units) from 0. */
export interface Place {
  at: number;
  end: number;
}

/** E_WHERE (exit 2): one line for people; who prints it can mark the place by `data`, `{ expression, at, end }`. */
export function whereError(
  source: Source,
  place: Place,
  message: string,
  facts: Readonly<Record<string, unknown>> = {},
): WalqError {
  return usageError('E_WHERE', `${source.flag}: character ${place.at + 1}: ${message}`, {
    data: { flag: source.flag, expression: source.text, at: place.at, end: place.end, ...facts },
  });
}

import { parseDuration } from '../../base/duration.ts';
import { WalqError } from '../../base/errors.ts';
import { excerpt } from '../../base/escape.ts';
import { nearest } from '../../base/nearest.ts';
import { parseBytes } from '../../base/size.ts';
import { trySelector } from '../selector.ts';
import { type Decimal, parseDecimal } from './decimal.ts';
import { type Found, kindText } from './fields.ts';
import type { Word } from './syntax.ts';
import { type Source, whereError } from './where-error.ts';

/** What stands behind a comparison, read as the field before it wants it. All throw E_WHERE. */

export interface LiteralContext {
  source: Source;
  /** For "5m ago", ms since the epoch. */
  nowMs: number;
}

/** For fields that are counted: numbers, ms, bytes. */
export function readNumber(field: Pick<Found<never>, 'kind' | 'name'>, word: Word, context: LiteralContext): Decimal {
  const { source } = context;
  const { text } = word;
  switch (field.kind) {
    case 'duration':
      return readUnit(() => parseDuration(text, field.name), word, source);
    case 'size':
      return readUnit(() => parseBytes(text, field.name), word, source);
    case 'time':
      return readTime(field.name, word, context);
    default: {
      const number = parseDecimal(text);
      if (number !== undefined) return number;
      throw whereError(source, word, `'${field.name}' is a number, '${excerpt(text)}' is none`);
    }
  }
}

function readUnit(parse: () => number, word: Word, source: Source): number {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof WalqError)) throw error;
    throw whereError(source, word, error.message);
  }
}

function readTime(name: string, word: Word, { source, nowMs }: LiteralContext): number {
  const selector = trySelector(word.text);
  if (selector?.kind === 'time') return selector.ms;
  if (selector?.kind === 'ago') return nowMs - selector.ms;
  const forms =
    "allowed are forms like 2026-09-01, 2026-09-01T03:00Z, '2026-09-01 03:00' (local without a zone), 5m ago";
  throw whereError(source, word, `'${name}' is a time, '${excerpt(word.text)}' is none; ${forms}`);
}

/** How words are compared. */
export function foldWord(text: string): string {
  return text.toLowerCase().replaceAll('-', '_');
}

export function readWord(field: Pick<Found<never>, 'name' | 'words'>, word: Word, source: Source): string {
  const folded = foldWord(word.text);
  const { name, words } = field;
  if (words === undefined || words.some((each) => foldWord(each) === folded)) return folded;
  const [near] = nearest(folded, words.map(foldWord));
  const meant = words.find((each) => foldWord(each) === near);
  const hint = meant === undefined ? '' : ` (did you mean ${meant}?)`;
  const message = `'${name}' is never '${excerpt(word.text)}'${hint}; it is one of ${words.join(' ')}`;
  throw whereError(source, word, message, { words });
}

export function readFlag(name: string, word: Word, source: Source): boolean {
  const text = word.text.toLowerCase();
  if (text === 'true' || text === 'yes') return true;
  if (text === 'false' || text === 'no') return false;
  throw whereError(source, word, `'${name}' is ${kindText.flag}: compare it with true or false`);
}

import { compareDecimals, type Decimal, parseDecimal } from './decimal.ts';
import { elementsOf, kindOf, textOf } from './json-path.ts';
import type { Comparison, Word } from './syntax.ts';
import { type Source, whereError } from './where-error.ts';

/** What a part of a payload may be compared with. In quotes it is a text, whatever it looks like. */
type Literal =
  | { kind: 'string'; value: string }
  | { kind: 'number'; value: Decimal }
  | { kind: 'true' | 'false' | 'null' };

export type JsonTest = (json: string) => boolean;

/**
 * Values of different kinds are neither equal nor in any order: `"5"` is not 5. Throws E_WHERE for a literal that no
 * JSON value is.
 */
export function jsonTest(by: Comparison, word: Word, source: Source): JsonTest {
  const literal = readLiteral(word, source);
  const { kind } = literal;
  if (kind === 'string') {
    return (json) => byOrder(by, kindOf(json) === kind ? compareTexts(textOf(json), literal.value) : undefined);
  }
  if (kind === 'number') {
    return (json) => byOrder(by, kindOf(json) === kind ? compareDecimals(numberOf(json), literal.value) : undefined);
  }
  if (by !== '=' && by !== '!=') throw whereError(source, word, `${kind} is equal (=) or not (!=), nothing else`);
  return (json) => (kindOf(json) === kind) === (by === '=');
}

/** Of an array: is one of its elements equal? Of a string: does it hold the text? Of others: does their JSON text? */
export function jsonContains(word: Word, source: Source): JsonTest {
  const equal = jsonTest('=', word, source);
  return (json) => (kindOf(json) === 'array' ? elementsOf(json).some(equal) : textOf(json).includes(word.text));
}

/** Less than 0, 0, more than 0; undefined: no order, and not equal. */
export function byOrder(by: Comparison, order: number | undefined): boolean {
  if (order === undefined) return by === '!=';
  switch (by) {
    case '=':
      return order === 0;
    case '!=':
      return order !== 0;
    case '<':
      return order < 0;
    case '<=':
      return order <= 0;
    case '>':
      return order > 0;
    case '>=':
      return order >= 0;
  }
}

export function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function numberOf(json: string): Decimal {
  return parseDecimal(json) ?? json;
}

function readLiteral(word: Word, source: Source): Literal {
  const { text, quoted } = word;
  if (quoted) return { kind: 'string', value: text };
  if (text === 'true' || text === 'false' || text === 'null') return { kind: text };
  const number = parseDecimal(text);
  if (number !== undefined) return { kind: 'number', value: number };
  if (/^\d+(\.\d+)?(ms|[wdhms]|[kmgt]i?b?)$/i.test(text)) {
    throw whereError(source, word, 'numbers of a payload have no unit: give a plain number, or the text in quotes');
  }
  return { kind: 'string', value: text };
}

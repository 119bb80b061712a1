import { JsonText } from '../json-text.ts';
import { compareDecimals, type Decimal, parseDecimal } from './decimal.ts';
import { type FieldKind, type FieldTable, type FieldValue, type Found, findField, kindText, nameIn } from './fields.ts';
import { textOf } from './json-path.ts';
import { byOrder, compareTexts, type JsonTest, jsonContains, jsonTest } from './json-tests.ts';
import { foldWord, type LiteralContext, readFlag, readNumber, readWord } from './literal.ts';
import { parseExpression } from './parse.ts';
import { compilePattern } from './pattern.ts';
import { PatternFault } from './pattern-parse.ts';
import type { Comparison, Expression, Test, Word } from './syntax.ts';
import { type Place, type Source, whereError } from './where-error.ts';

/** An expression about things of one type, ready to be asked. */
export interface Where<T> {
  text: string;
  holds(item: T): boolean;
  /** What it looks at, each field once, in the order written. */
  look(item: T): Seen[];
}

/** A field that an expression looks at; without a value where there is none. */
export interface Seen {
  name: string;
  kind: FieldKind;
  value?: FieldValue;
}

export type Holds<T> = (item: T) => boolean;

/**
 * Reads an expression (docs/expressions.md). Nothing of it is ever run as code, and it takes bounded time and stack,
 * whatever it says. A test of a field that the thing does not have is false, the negated tests (`!=`, `!~`, `not in`)
 * too; `exists` tells. Throws E_WHERE (exit 2), with the place in the text.
 */
export function compileWhere<T>(table: FieldTable<T>, source: Source, nowMs: number): Where<T> {
  const compiler = new Compiler(table, { source, nowMs });
  const holds = compiler.expression(parseExpression(source));
  const fields = [...compiler.fields.values()];
  const look = (item: T): Seen[] =>
    fields.map(({ name, kind, of }) => {
      const value = of(item);
      return value === undefined ? { name, kind } : { name, kind, value };
    });
  return { text: source.text.trim(), holds, look };
}

class Compiler<T> {
  readonly fields = new Map<string, Found<T>>();
  readonly #table: FieldTable<T>;
  readonly #context: LiteralContext;

  constructor(table: FieldTable<T>, context: LiteralContext) {
    this.#table = table;
    this.#context = context;
  }

  expression(expression: Expression): Holds<T> {
    switch (expression.kind) {
      case 'and': {
        const terms = expression.terms.map((term) => this.expression(term));
        return (item) => terms.every((holds) => holds(item));
      }
      case 'or': {
        const terms = expression.terms.map((term) => this.expression(term));
        return (item) => terms.some((holds) => holds(item));
      }
      case 'not': {
        const holds = this.expression(expression.term);
        return (item) => !holds(item);
      }
      default:
        return this.#test(expression);
    }
  }

  #test(test: Test): Holds<T> {
    const field = this.#field(test.field);
    switch (test.kind) {
      case 'exists':
        return (item) => field.of(item) !== undefined;
      case 'flag':
        if (field.kind === 'flag') return (item) => field.of(item) === true;
        throw this.#incomplete(field, test.field);
      case 'compare':
        return this.#compare(field, test.by, test.value);
      case 'match':
        return this.#matches(field, test.negated, test.value);
      case 'in': {
        const ways = test.values.map((value) => this.#compare(field, '=', value));
        return this.#present(field, test.negated, (item) => ways.some((holds) => holds(item)));
      }
      case 'contains':
      case 'starts':
        return this.#part(field, test.kind, test.negated, test.value);
    }
  }

  /** Turned round where it is negated, and false in any case for what has no such field. */
  #present(field: Found<T>, negated: boolean, holds: Holds<T>): Holds<T> {
    return negated ? (item) => field.of(item) !== undefined && !holds(item) : holds;
  }

  #compare(field: Found<T>, by: Comparison, value: Word): Holds<T> {
    const { source } = this.#context;
    switch (field.kind) {
      case 'json':
        return onJson(field, jsonTest(by, value, source));
      case 'flag': {
        const wanted = readFlag(field.name, value, source);
        return this.#equal(field, by, value, (has) => has === wanted);
      }
      case 'word': {
        const wanted = readWord(field, value, source);
        return this.#equal(field, by, value, (has) => typeof has === 'string' && foldWord(has) === wanted);
      }
      case 'list':
        throw this.#error(value, `'${field.name}' is a list: write '${field.name} contains …'`);
      case 'text':
        return onValue(field, (has) => typeof has === 'string' && byOrder(by, compareTexts(has, value.text)));
      default:
        return this.#compareNumbers(field, by, value);
    }
  }

  #equal(field: Found<T>, by: Comparison, value: Word, equal: (has: FieldValue) => boolean): Holds<T> {
    if (by === '=') return onValue(field, equal);
    if (by === '!=') return onValue(field, (has) => !equal(has));
    throw this.#error(value, `'${field.name}' is ${kindText[field.kind]}: it is equal (=) or not (!=), nothing else`);
  }

  /** A word beside a number is a number, or the field of that name. */
  #compareNumbers(field: Found<T>, by: Comparison, value: Word): Holds<T> {
    const isField = !value.quoted && nameIn(this.#table, value.text) !== undefined;
    if (!isField) {
      const wanted = readNumber(field, value, this.#context);
      return (item) => inOrder(by, decimalOf(field.of(item)), wanted);
    }
    const other = this.#field(value);
    if (other.kind !== field.kind) {
      const [one, two] = [kindText[field.kind], kindText[other.kind]];
      throw this.#error(value, `'${field.name}' is ${one} and '${other.name}' ${two}: they cannot be compared`);
    }
    return (item) => inOrder(by, decimalOf(field.of(item)), decimalOf(other.of(item)));
  }

  #matches(field: Found<T>, negated: boolean, value: Word): Holds<T> {
    const text = this.#texts(field, '~', value);
    try {
      const pattern = compilePattern(value.text);
      return this.#present(field, negated, (item) => text(item).some((each) => pattern.matches(each)));
    } catch (fault) {
      if (!(fault instanceof PatternFault)) throw fault;
      const at = Math.min(value.at + (value.quoted ? 1 : 0) + fault.at, value.end - 1);
      throw this.#error({ at, end: value.end }, `in the pattern: ${fault.message}`);
    }
  }

  #part(field: Found<T>, kind: 'contains' | 'starts', negated: boolean, value: Word): Holds<T> {
    const wanted = value.text;
    if (kind === 'contains' && (field.kind === 'list' || field.kind === 'json')) {
      const isElement = this.#hasElement(field, value);
      return this.#present(field, negated, isElement);
    }
    const texts = this.#texts(field, kind, value);
    const fits = (text: string): boolean => (kind === 'starts' ? text.startsWith(wanted) : text.includes(wanted));
    return this.#present(field, negated, (item) => texts(item).some(fits));
  }

  #hasElement(field: Found<T>, value: Word): Holds<T> {
    if (field.kind === 'json') return onJson(field, jsonContains(value, this.#context.source));
    return onValue(field, (has) => typeof has === 'object' && 'includes' in has && has.includes(value.text));
  }

  /** The texts of a field, for tests that look into them; of a list each. */
  #texts(field: Found<T>, test: string, value: Word): (item: T) => readonly string[] {
    switch (field.kind) {
      case 'text':
      case 'word':
      case 'list':
      case 'json':
        return (item) => textsOf(field.of(item));
      default:
        throw this.#error(value, `'${field.name}' is ${kindText[field.kind]}: '${test}' looks into texts`);
    }
  }

  #field(word: Word): Found<T> {
    const field = findField(this.#table, word, this.#context.source);
    this.fields.set(field.name, field);
    return field;
  }

  #incomplete(field: Found<T>, word: Word): Error {
    const hint = `'${field.name}' is ${kindText[field.kind]}: compare it, or ask 'exists ${field.name}'`;
    const alone = this.#context.source.text.trim() === word.text;
    const quotes = '; put the whole expression in quotes, or the shell takes > and < for itself';
    return this.#error(word, alone ? hint + quotes : hint);
  }

  #error(place: Place, message: string): Error {
    return whereError(this.#context.source, place, message);
  }
}

/** False for what has no such field. */
function onValue<T>(field: Found<T>, test: (has: FieldValue) => boolean): Holds<T> {
  return (item) => {
    const has = field.of(item);
    return has !== undefined && test(has);
  };
}

function onJson<T>(field: Found<T>, test: JsonTest): Holds<T> {
  return onValue(field, (has) => has instanceof JsonText && test(has.text));
}

function decimalOf(value: FieldValue | undefined): Decimal | undefined {
  if (typeof value === 'number') return value;
  return typeof value === 'string' ? parseDecimal(value) : undefined;
}

function inOrder(by: Comparison, has: Decimal | undefined, wanted: Decimal | undefined): boolean {
  return has !== undefined && wanted !== undefined && byOrder(by, compareDecimals(has, wanted));
}

function textsOf(value: FieldValue | undefined): readonly string[] {
  if (typeof value === 'string') return [value];
  if (value instanceof JsonText) return [textOf(value.text)];
  return typeof value === 'object' ? value : [];
}

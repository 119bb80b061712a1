import { assert } from '../../base/errors.ts';
import { type Comparison, comparisons, type Expression, type Word } from './syntax.ts';
import { nameOf, type Token, tokensOf } from './tokens.ts';
import { type Place, type Source, whereError } from './where-error.ts';

/**
 * The grammar, from what binds least to what binds most:
 *
 *     expression  term { or term }                              or  ||
 *     term        factor { and factor }                         and &&
 *     factor      not factor | ( expression ) | test            not !
 *     test        FIELD                                         a field that is yes or no
 *                 exists FIELD
 *                 FIELD (= | == | != | < | <= | > | >=) VALUE
 *                 FIELD (~ | !~) PATTERN
 *                 FIELD [not] (contains | starts) TEXT
 *                 FIELD [not] in ( VALUE { , VALUE } )
 */

/** Parentheses and `not`, one inside the other. The evaluator goes as deep. */
const depthMax = 64;

const keywords = new Set(['and', 'or', 'not', 'in', 'exists', 'contains', 'starts']);
const testExpected = 'a comparison, such as = != < > ~, in, contains or starts';

/** Throws E_WHERE. */
export function parseExpression(source: Source): Expression {
  const parser = new Parser(source);
  return parser.whole();
}

class Parser {
  readonly #source: Source;
  readonly #tokens: readonly Token[];
  #at = 0;
  #depth = 0;

  constructor(source: Source) {
    this.#source = source;
    this.#tokens = tokensOf(source);
  }

  whole(): Expression {
    const expression = this.#expression();
    const rest = this.#peek();
    if (rest.kind !== 'end') throw this.#expected("'and', 'or' or the end", rest);
    return expression;
  }

  #expression(): Expression {
    return this.#chain('or', '||', () => this.#chain('and', '&&', () => this.#factor()));
  }

  #chain(kind: 'and' | 'or', sign: string, next: () => Expression): Expression {
    const terms = [next()];
    while (this.#takes(kind, sign)) terms.push(next());
    const [only] = terms;
    return terms.length === 1 && only !== undefined ? only : { kind, terms };
  }

  #factor(): Expression {
    const token = this.#peek();
    if (this.#takes('not', '!')) {
      return this.#deeper(token, () => ({ kind: 'not', term: this.#factor() }));
    }
    if (!this.#takes(undefined, '(')) return this.#test();
    return this.#deeper(token, () => {
      const inside = this.#expression();
      this.#close(token);
      return inside;
    });
  }

  #deeper<T>(place: Place, parse: () => T): T {
    if (++this.#depth > depthMax) throw this.#error(place, `the expression is nested deeper than ${depthMax} levels`);
    const parsed = parse();
    this.#depth--;
    return parsed;
  }

  #test(): Expression {
    if (this.#takes('exists')) {
      const open = this.#peek();
      const inParentheses = this.#takes(undefined, '(');
      const field = this.#field("a field after 'exists'");
      if (inParentheses) this.#close(open);
      return { kind: 'exists', field };
    }
    const field = this.#field('a field');
    const token = this.#peek();
    const by = this.#comparison();
    if (by !== undefined) return { kind: 'compare', field, by, value: this.#value(token) };
    for (const sign of ['~', '!~']) {
      if (this.#takes(undefined, sign)) {
        return { kind: 'match', field, negated: sign === '!~', value: this.#value(token) };
      }
    }
    const negated = this.#negatedTest() && this.#takes('not');
    const verb = this.#peek();
    if (this.#takes('in')) return { kind: 'in', field, negated, values: this.#values() };
    for (const kind of ['contains', 'starts'] as const) {
      if (this.#takes(kind)) return { kind, field, negated, value: this.#value(verb) };
    }
    if (this.#endsTest(token)) return { kind: 'flag', field };
    throw this.#expected(`${testExpected}, after '${field.text}'`, token);
  }

  /** `not` behind a field begins `not in` and the like. */
  #negatedTest(): boolean {
    const next = this.#tokens[this.#at + 1];
    return next?.kind === 'word' && /^(in|contains|starts)$/i.test(next.text);
  }

  #endsTest(token: Token): boolean {
    return token.kind === 'end' || /^(\)|&&|\|\|)$/.test(token.text) || /^(and|or)$/i.test(token.text);
  }

  #comparison(): Comparison | undefined {
    const token = this.#peek();
    const by = comparisons.find((each) => each === (token.text === '==' ? '=' : token.text));
    if (token.kind !== 'sign' || by === undefined) return undefined;
    this.#at++;
    return by;
  }

  #field(expected: string): Word {
    const token = this.#peek();
    const isWord = token.kind === 'word' && !isKeyword(token);
    if (!isWord) throw this.#expected(expected, token);
    this.#at++;
    return { text: token.text, quoted: false, at: token.at, end: token.end };
  }

  #values(): Word[] {
    const open = this.#peek();
    if (!this.#takes(undefined, '(')) throw this.#expected("'(' after 'in'", open);
    const values: Word[] = [];
    do values.push(this.#value(this.#tokens[this.#at - 1] ?? open));
    while (this.#takes(undefined, ','));
    this.#close(open);
    return values;
  }

  /** `5m ago` is one value of two words. */
  #value(after: Token): Word {
    const token = this.#peek();
    const expected = `a value after '${after.text}'`;
    if (token.kind === 'word' && isKeyword(token)) {
      throw this.#error(token, `expected ${expected}; '${token.text}' is a word of the language: put it in quotes`);
    }
    if (token.kind !== 'word' && token.kind !== 'string') throw this.#expected(expected, token);
    this.#at++;
    const next = this.#peek();
    if (token.kind === 'word' && next.kind === 'word' && /^ago$/i.test(next.text)) {
      this.#at++;
      return { text: `${token.text} ago`, quoted: false, at: token.at, end: next.end };
    }
    return { text: token.text, quoted: token.kind === 'string', at: token.at, end: token.end };
  }

  #close(open: Token): void {
    const token = this.#peek();
    if (this.#takes(undefined, ')')) return;
    if (token.kind === 'end') throw this.#error(open, "this '(' is not closed");
    throw this.#expected("')'", token);
  }

  #peek(): Token {
    const token = this.#tokens[this.#at] ?? this.#tokens.at(-1);
    assert(token, 'there is always a last token');
    return token;
  }

  /** Goes on behind this keyword or sign, if it stands here. */
  #takes(keyword: string | undefined, sign?: string): boolean {
    const { kind, text } = this.#peek();
    const takes = (kind === 'word' && text.toLowerCase() === keyword) || (kind === 'sign' && text === sign);
    if (takes) this.#at++;
    return takes;
  }

  #expected(expected: string, token: Token): Error {
    return this.#error(token, `expected ${expected}, found ${nameOf(token)}`, { expected });
  }

  #error(place: Place, message: string, facts?: Readonly<Record<string, unknown>>): Error {
    return whereError(this.#source, place, message, facts);
  }
}

function isKeyword({ text }: Token): boolean {
  return keywords.has(text.toLowerCase());
}

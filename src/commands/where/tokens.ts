import { excerpt } from '../../base/escape.ts';
import { type Place, type Source, whereError } from './where-error.ts';

export interface Token extends Place {
  kind: 'word' | 'string' | 'sign' | 'end';
  /** A string without its quotes. */
  text: string;
}

/** Longer expressions are made by programs, and those should ask for less. */
const lengthMax = 4096;

const sign = /===?|=~?|!=|!~|!|<>|<=|>=|<|>|~|&&?|\|\|?|[(),]/y;
/** Also times with a zone, sizes, ids and paths: whatever is neither space nor a sign. */
const word = /[^\s()=!<>~,&|"']+/y;
/** Signs of other languages, and what is written here. */
const foreign: Readonly<Record<string, string>> = {
  '===': "write '='",
  '=~': "write '~'",
  '<>': "write '!='",
  '&': "write '&&' or 'and'",
  '|': "write '||' or 'or'",
};

/** The expression in pieces, the last one of kind 'end'. Throws E_WHERE. */
export function tokensOf(source: Source): Token[] {
  const { text } = source;
  if (text.length > lengthMax) {
    const place = { at: lengthMax, end: lengthMax + 1 };
    throw whereError(source, place, `the expression is too long: at most ${lengthMax} characters are read`);
  }
  const tokens: Token[] = [];
  let at = skipSpace(text, 0);
  while (at < text.length) {
    const token = tokenAt(source, at);
    tokens.push(token);
    at = skipSpace(text, token.end);
  }
  tokens.push({ kind: 'end', text: '', at: text.length, end: text.length + 1 });
  return tokens;
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (at < text.length && /\s/.test(text.charAt(at))) at++;
  return at;
}

function tokenAt(source: Source, at: number): Token {
  const { text } = source;
  if (/["']/.test(text.charAt(at))) return stringAt(source, at);
  if (/[\u2018-\u201f\u00ab\u00bb]/.test(text.charAt(at))) {
    throw whereError(source, { at, end: at + 1 }, `${text.charAt(at)} is no quote to walq: write ' or "`);
  }
  const found = match(sign, text, at);
  if (found === undefined) return wordAt(source, at);
  const place = { at, end: at + found.length };
  const hint = foreign[found];
  if (hint !== undefined) throw whereError(source, place, `'${found}' is no sign of this language: ${hint}`);
  return { kind: 'sign', text: found, ...place };
}

/** A word goes on with a string behind a dot: `payload."strange key".n`. */
function wordAt(source: Source, at: number): Token {
  const { text } = source;
  let end = at;
  for (;;) {
    end += match(word, text, end)?.length ?? 0;
    if (!text.slice(at, end).endsWith('.') || !/["']/.test(text.charAt(end))) break;
    end = stringAt(source, end).end;
  }
  return { kind: 'word', text: text.slice(at, end), at, end };
}

/**
 * In quotes a backslash before the quote takes its meaning away; every other one stands for itself, so that patterns
 * need not be written twice as long.
 */
function stringAt(source: Source, at: number): Token {
  const { text } = source;
  const quote = text.charAt(at);
  let value = '';
  for (let index = at + 1; index < text.length; index++) {
    const character = text.charAt(index);
    if (character === quote) return { kind: 'string', text: value, at, end: index + 1 };
    if (character === '\\' && text.charAt(index + 1) === quote) value += text.charAt(++index);
    else value += character;
  }
  throw whereError(source, { at, end: text.length }, `the text that begins here has no closing ${quote}`);
}

function match(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

/** A token as a message names it. */
export function nameOf(token: Token): string {
  return token.kind === 'end' ? 'the end' : token.kind === 'string' ? 'a quoted text' : `'${excerpt(token.text)}'`;
}

import { loneSurrogate } from './clamp-text.ts';
import { usageError, type WalqError } from './errors.ts';
import { escapeText } from './escape.ts';

/** The grammar of RFC 8259, as functions that move over a text and throw where it ends: the inside of json.ts. */

/** Hears of white space between tokens. */
export type Gap = (start: number, end: number) => void;

/**
 * A lone surrogate has no UTF-8 form: writing it would change it. As an escape (`\ud800`) it is plain ASCII and
 * welcome.
 */
export function checkWellFormed(text: string): void {
  if (loneSurrogate.test(text)) throw notJson(text, text.search(loneSurrogate), 'well-formed Unicode');
}

/**
 * Checks one value that starts at `at` and returns the index after it. `gap` hears of white space between tokens
 * inside it.
 */
export function scanValue(text: string, at: number, depthMax: number, gap?: Gap): number {
  const kinds: number[] = [];
  let index = at;
  const space = (from: number): number => {
    const to = skipSpace(text, from);
    if (to !== from) gap?.(from, to);
    return to;
  };
  const key = (from: number): number => {
    if (text.charCodeAt(from) !== 0x22) throw notJson(text, from, 'a key in double quotes');
    const colon = space(skipString(text, from));
    if (text.charCodeAt(colon) !== 0x3a) throw notJson(text, colon, "':'");
    return space(colon + 1);
  };
  for (;;) {
    const code = text.charCodeAt(index);
    if (code === 0x7b || code === 0x5b) {
      if (kinds.length >= depthMax) throw tooDeep(index, depthMax);
      const next = space(index + 1);
      if (text.charCodeAt(next) !== code + 2) {
        kinds.push(code);
        index = code === 0x7b ? key(next) : next;
        continue;
      }
      index = next + 1;
    } else {
      index = skipScalar(text, index, code);
    }
    // A value ended: close every container that ends here too, then go on behind the comma.
    for (;;) {
      const kind = kinds.at(-1);
      if (kind === undefined) return index;
      const next = space(index);
      const after = text.charCodeAt(next);
      if (after === 0x2c) {
        index = space(next + 1);
        if (kind === 0x7b) index = key(index);
        break;
      }
      if (after !== kind + 2) throw notJson(text, next, kind === 0x7b ? "',' or '}'" : "',' or ']'");
      kinds.pop();
      index = next + 1;
    }
  }
}

export function skipSpace(text: string, at: number): number {
  let index = at;
  for (;;) {
    const code = text.charCodeAt(index);
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return index;
    index++;
  }
}

function skipScalar(text: string, at: number, code: number): number {
  if (code === 0x22) return skipString(text, at);
  if (code === 0x2d || isDigit(code)) return skipNumber(text, at);
  for (const word of ['true', 'false', 'null']) {
    if (text.startsWith(word, at)) return at + word.length;
  }
  throw notJson(text, at, 'a value');
}

export function skipString(text: string, at: number): number {
  let index = at + 1;
  for (;;) {
    const code = text.charCodeAt(index);
    if (code === 0x22) return index + 1;
    if (code === 0x5c) {
      index += skipEscape(text, index);
    } else if (code >= 0x20) {
      index++;
    } else {
      // A control character, or NaN at the end of the text.
      throw notJson(text, index, index < text.length ? 'a string without raw control characters' : "a closing '\"'");
    }
  }
}

function skipEscape(text: string, at: number): number {
  const code = text.charCodeAt(at + 1);
  if (code === 0x75) {
    for (let digit = at + 2; digit < at + 6; digit++) {
      if (!/^[0-9a-fA-F]$/.test(text.charAt(digit))) throw notJson(text, digit, 'four hex digits after \\u');
    }
    return 6;
  }
  if (!Number.isNaN(code) && '"\\/bfnrt'.includes(String.fromCharCode(code))) return 2;
  throw notJson(text, at + 1, 'an escape (one of "\\/bfnrtu)');
}

function skipNumber(text: string, at: number): number {
  let index = text.charCodeAt(at) === 0x2d ? at + 1 : at;
  if (text.charCodeAt(index) === 0x30) index++;
  else index = skipDigits(text, index);
  if (text.charCodeAt(index) === 0x2e) index = skipDigits(text, index + 1);
  const code = text.charCodeAt(index);
  if (code === 0x65 || code === 0x45) {
    const sign = text.charCodeAt(index + 1);
    index = skipDigits(text, sign === 0x2b || sign === 0x2d ? index + 2 : index + 1);
  }
  return index;
}

function skipDigits(text: string, at: number): number {
  let index = at;
  while (isDigit(text.charCodeAt(index))) index++;
  if (index === at) throw notJson(text, at, 'a digit');
  return index;
}

export function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

export function notJson(text: string, position: number, expected: string): WalqError {
  const code = text.codePointAt(position);
  const found = code === undefined ? undefined : escapeText(String.fromCodePoint(code));
  return jsonError(position, expected, found);
}

/** `found` is absent where the text ends too early. */
export function jsonError(position: number, expected: string, found: string | undefined): WalqError {
  const message =
    found === undefined
      ? `not valid JSON: unexpected end at position ${position}, expected ${expected}`
      : `not valid JSON at position ${position}: expected ${expected}, found '${found}'`;
  return usageError('E_JSON', message, { data: { position, expected, ...(found === undefined ? {} : { found }) } });
}

function tooDeep(position: number, max: number): WalqError {
  return usageError('E_JSON_DEPTH', `JSON is nested too deeply at position ${position}: more than ${max} levels`, {
    data: { position, max },
  });
}

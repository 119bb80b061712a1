import { usageError } from './errors.ts';
import { checkWellFormed, type Gap, isDigit, notJson, scanValue, skipSpace, skipString } from './json-scan.ts';

/**
 * A strict JSON scanner (RFC 8259) over text. It never builds values and never writes JSON: payloads are checked, cut
 * out and handed on as they were written, so 9007199254740993, 1e400, key order and duplicate keys survive.
 * Iterative: depth costs one byte a level.
 *
 * Positions are indexes into the text (UTF-16 units). Every failure is a `WalqError`, exit 2:
 * E_JSON (not JSON; data `{ position, expected, found? }`, `found` absent at the end of the text),
 * E_JSON_DEPTH (`{ position, max }`), E_JSON_SIZE (`{ bytes, max }`).
 */
export interface JsonLimits {
  /** Nested arrays and objects. Default 128. */
  depthMax?: number;
  /** UTF-8 bytes of the text as given. Default 1 MiB. */
  bytesMax?: number;
}

export type JsonKind = 'object' | 'array' | 'string' | 'number' | 'true' | 'false' | 'null';

export interface JsonMember {
  /** The key, decoded. May hold lone surrogates where the text wrote them as `\udXXX`. */
  key: string;
  /** The value exactly as written, without the space around it. */
  value: string;
}

export const jsonDepthMax = 128;
const jsonBytesMax = 1024 * 1024;

const plainString = /"[ !#-[\]-\uffff]*"/.source;
const plainScalar = `${plainString}|${/-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/.source}`;
/**
 * An object of plain members, nothing nested, no white space, no escapes, as most payloads are. The regex engine sees
 * that several times as fast as the scanner; what it does not match is the scanner's to judge.
 */
const plainObject = new RegExp(`^\\{(?:${plainString}:(?:${plainScalar})(?:,(?!\\})|(?=\\})))*\\}$`);
/** The regex engine keeps a stack as it goes. */
const plainLengthMax = 4096;

/** Checks one JSON value and drops the white space between its tokens. Returns the same string when there is none. */
export function compactJson(text: string, limits: JsonLimits = {}): string {
  checkSize(text, limits.bytesMax ?? jsonBytesMax);
  const depthMax = limits.depthMax ?? jsonDepthMax;
  if (depthMax > 0 && text.length <= plainLengthMax && plainObject.test(text)) {
    checkWellFormed(text);
    return text;
  }
  let compacted = '';
  let from = 0;
  const gap = (start: number, end: number): void => {
    compacted += text.slice(from, start);
    from = end;
  };
  scanWhole(text, depthMax, gap);
  return from === 0 ? text : compacted + text.slice(from);
}

/** What kind of value a text begins with. Looks at the first character only. */
export function jsonKind(text: string): JsonKind {
  const at = skipSpace(text, 0);
  const code = text.charCodeAt(at);
  if (code === 0x7b) return 'object';
  if (code === 0x5b) return 'array';
  if (code === 0x22) return 'string';
  if (code === 0x74) return 'true';
  if (code === 0x66) return 'false';
  if (code === 0x6e) return 'null';
  if (code === 0x2d || isDigit(code)) return 'number';
  throw notJson(text, at, 'a value');
}

/**
 * Decodes one string token, quotes included. A `\ud800` without its partner gives a lone surrogate, as the text says.
 */
export function jsonString(raw: string): string {
  const at = skipSpace(raw, 0);
  if (raw.charCodeAt(at) !== 0x22) throw notJson(raw, at, 'a string');
  const end = skipString(raw, at);
  const rest = skipSpace(raw, end);
  if (rest !== raw.length) throw notJson(raw, rest, 'the end');
  return decodeString(raw.slice(at, end));
}

/**
 * Members of an object in the order written, duplicates kept. The whole text is checked; size is the caller's affair.
 */
export function jsonMembers(text: string, depthMax: number = jsonDepthMax): JsonMember[] {
  const members: JsonMember[] = [];
  let at = openContainer(text, 0x7b, "an object ('{')");
  if (text.charCodeAt(at) === 0x7d) return closed(text, at, members);
  for (;;) {
    if (text.charCodeAt(at) !== 0x22) throw notJson(text, at, 'a key in double quotes');
    const keyEnd = skipString(text, at);
    const key = decodeString(text.slice(at, keyEnd));
    at = skipSpace(text, keyEnd);
    if (text.charCodeAt(at) !== 0x3a) throw notJson(text, at, "':'");
    const start = skipSpace(text, at + 1);
    const end = scanValue(text, start, depthMax - 1);
    members.push({ key, value: text.slice(start, end) });
    at = skipSpace(text, end);
    const code = text.charCodeAt(at);
    if (code === 0x7d) return closed(text, at, members);
    if (code !== 0x2c) throw notJson(text, at, "',' or '}'");
    at = skipSpace(text, at + 1);
  }
}

/** Elements of an array as written. */
export function jsonElements(text: string): string[] {
  return [...walkJsonElements(text)];
}

/**
 * The same, one at a time: nothing is kept but the place in the text. A fault later in the text shows only when the
 * walk comes to it.
 */
export function* walkJsonElements(text: string, depthMax: number = jsonDepthMax): Generator<string, void, void> {
  let at = openContainer(text, 0x5b, "an array ('[')");
  if (text.charCodeAt(at) === 0x5d) {
    closed(text, at, undefined);
    return;
  }
  for (;;) {
    const end = scanValue(text, at, depthMax - 1);
    yield text.slice(at, end);
    at = skipSpace(text, end);
    const code = text.charCodeAt(at);
    if (code === 0x5d) break;
    if (code !== 0x2c) throw notJson(text, at, "',' or ']'");
    at = skipSpace(text, at + 1);
  }
  closed(text, at, undefined);
}

function checkSize(text: string, max: number): void {
  // A UTF-16 unit takes 1 to 3 bytes, so most texts need no count.
  if (text.length * 3 <= max) return;
  const bytes = text.length > max ? text.length : Buffer.byteLength(text);
  if (bytes > max) {
    const size = text.length > max ? `over ${max}` : String(bytes);
    throw usageError('E_JSON_SIZE', `JSON text is too large: ${size} bytes, allowed are ${max}`, {
      data: { bytes, max },
    });
  }
}

function openContainer(text: string, bracket: number, what: string): number {
  checkWellFormed(text);
  const at = skipSpace(text, 0);
  if (text.charCodeAt(at) !== bracket) throw notJson(text, at, what);
  return skipSpace(text, at + 1);
}

function closed<T>(text: string, at: number, result: T): T {
  const rest = skipSpace(text, at + 1);
  if (rest !== text.length) throw notJson(text, rest, 'the end');
  return result;
}

function scanWhole(text: string, depthMax: number, gap: Gap): void {
  checkWellFormed(text);
  const start = skipSpace(text, 0);
  if (start > 0) gap(0, start);
  const end = scanValue(text, start, depthMax, gap);
  const rest = skipSpace(text, end);
  if (rest !== text.length) throw notJson(text, rest, 'the end');
  if (rest !== end) gap(end, rest);
}

/** The token is checked already, so JSON.parse cannot fail; without an escape the slice is the answer. */
function decodeString(token: string): string {
  return token.includes('\\') ? String(JSON.parse(token)) : token.slice(1, -1);
}

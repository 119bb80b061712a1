import { WalqError } from '../../base/errors.ts';
import { jsonString } from '../../base/json.ts';

/** What stands at the top of a text that was meant as an object: its keys, and the value of `id` where it is text. */
export interface LooseObject {
  id?: string;
  keys: ReadonlySet<string>;
}

const word = /[\w$]+/y;

/**
 * Reads what begins with `{` and is no JSON, cut short or written in the way of another language, as
 * `{'id': 'a', 'ok': True}`: who wrote it believes to have said something, and whom it is about has to hear of it.
 */
export function looseObject(text: string): LooseObject {
  const keys = new Set<string>();
  let id: string | undefined;
  let depth = 0;
  let key = '';
  let last = '';
  for (let at = 0; at < text.length; ) {
    const char = text.charAt(at);
    let end = at + 1;
    if (char === '"' || char === "'") {
      end = endOfQuote(text, at);
      last = unquoted(text.slice(at, end));
      if (depth === 1 && key === 'id') id ??= last;
    } else if ('{[('.includes(char)) depth++;
    else if ('}])'.includes(char)) depth--;
    else if (depth === 1 && char === ',') key = '';
    else if (depth === 1 && char === ':') {
      key = last;
      keys.add(key);
    } else {
      word.lastIndex = at;
      last = word.exec(text)?.[0] ?? last;
      end = Math.max(end, word.lastIndex);
    }
    at = end;
  }
  return { keys, ...(id !== undefined && { id }) };
}

/** How many more brackets of JSON a line opens than it closes. */
export function openBrackets(line: string): number {
  let open = 0;
  for (let at = 0; at < line.length; at++) {
    const char = line.charAt(at);
    if (char === '"') at = endOfQuote(line, at) - 1;
    else if (char === '{' || char === '[') open++;
    else if (char === '}' || char === ']') open--;
  }
  return open;
}

function endOfQuote(text: string, start: number): number {
  const quote = text.charAt(start);
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === quote) return at + 1;
  }
  return text.length;
}

function unquoted(token: string): string {
  try {
    return jsonString(token);
  } catch (failure) {
    if (failure instanceof WalqError) return token.slice(1, -1);
    throw failure;
  }
}

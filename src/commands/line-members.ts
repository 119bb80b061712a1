import { isUtf8 } from 'node:buffer';
import { WalqError } from '../base/errors.ts';
import { compactJson, jsonDepthMax, jsonElements, jsonKind, jsonMembers, jsonString } from '../base/json.ts';
import type { DetailValue } from './event-members.ts';
import { JsonText } from './json-text.ts';

/** The members of a line of an export, written and read. Integers, texts, lists and JSON texts; nothing is nested. */

export type LineMember = readonly [name: string, value: DetailValue | undefined];

/** `"name":"x","n":3`: what is undefined is left out. */
export function membersText(members: Iterable<LineMember>): string {
  let text = '';
  for (const [name, value] of members) {
    if (value === undefined) continue;
    text += `${text === '' ? '' : ','}"${name}":${value instanceof JsonText ? value.text : JSON.stringify(value)}`;
  }
  return text;
}

/** A line that is not what an export writes there. */
export class LineFault extends Error {
  /** Place in the line, in characters from 0. */
  readonly at: number;

  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }
}

/** Reads the members of one line. Throws LineFault for a text that is no object, and for a value of another kind. */
export class LineMembers {
  readonly #text: string;
  readonly #values = new Map<string, string>();

  constructor(text: string) {
    this.#text = text;
    try {
      // The object itself is one level more than a payload may have.
      for (const { key, value } of jsonMembers(text, jsonDepthMax + 1)) this.#values.set(key, value);
    } catch (error) {
      throw lineFault(error);
    }
  }

  int(name: string): number | undefined {
    const value = this.#values.get(name);
    if (value === undefined) return undefined;
    const number = Number(value);
    if (!Number.isSafeInteger(number)) throw this.fault(name, 'is no whole number');
    return number;
  }

  text(name: string): string | undefined {
    const value = this.#values.get(name);
    if (value === undefined) return undefined;
    if (value.charCodeAt(0) !== 0x22) throw this.fault(name, 'is no text');
    // Checked with the whole line; the decoder of JSON would check it again.
    return value.includes('\\') ? jsonString(value) : value.slice(1, -1);
  }

  flag(name: string): boolean {
    return this.#values.get(name) === 'true';
  }

  texts(name: string): string[] | undefined {
    const value = this.#values.get(name);
    if (value === undefined) return undefined;
    const items = value.startsWith('[') ? jsonElements(value) : undefined;
    if (items?.every((item) => jsonKind(item) === 'string') !== true) throw this.fault(name, 'is no list of texts');
    return items.map(jsonString);
  }

  /** JSON text, as written. */
  json(name: string): Uint8Array | undefined {
    const value = this.#values.get(name);
    return value === undefined ? undefined : Buffer.from(value);
  }

  bytes(name: string): Uint8Array | undefined {
    const text = this.text(name);
    return text === undefined ? undefined : Buffer.from(text, 'base64');
  }

  /** The value of a member that every such line has. */
  needed<T>(value: T | undefined, name: string): T {
    if (value === undefined) throw new LineFault(`has no "${name}"`, 0);
    return value;
  }

  fault(name: string, what: string): LineFault {
    return new LineFault(`"${name}" ${what}`, Math.max(0, this.#text.indexOf(`"${name}":`)));
  }
}

/** What a codec says of a value that it refuses, as a fault of the line. */
export function lineFault(error: unknown): unknown {
  if (!(error instanceof WalqError)) return error;
  const { position } = error.data;
  return new LineFault(error.message, typeof position === 'number' ? position : 0);
}

/** A line has one spelling. Throws LineFault at the first character that is another one. */
export function refuseOtherSpelling(text: string, canonical: string): void {
  if (text === canonical) return;
  let at = 0;
  while (at < text.length && text[at] === canonical[at]) at++;
  throw new LineFault('is not as an export writes it', at);
}

/** JSON that a line can hold as it is, so that it comes back the same: valid, compact, UTF-8. */
export function isPlainJson(bytes: Uint8Array | undefined): boolean {
  if (bytes === undefined) return true;
  if (!isUtf8(bytes)) return false;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
  try {
    return compactJson(text, { bytesMax: Number.POSITIVE_INFINITY }) === text;
  } catch {
    return false;
  }
}

import type { Prng } from '../support/seeded-random.ts';

/** A parser under attack. One table of them: targets/index.ts. */
export interface Target {
  name: string;
  /** A valid input; other choices, another one. */
  sample(random: Prng): Uint8Array;
  /** Pieces of its grammar, and what parsers of its kind choke on. */
  words?: readonly string[];
  /** The same input with its checksums right again, as far as it still has its form: a forger's work. */
  mend?(bytes: Uint8Array): Uint8Array;
  /**
   * What the parser makes of the input, as plain data. Anything thrown but a `WalqError` is a finding: also what this
   * function throws itself because a value does not come back, two ways of reading disagree, or a bound is broken.
   */
  parse(bytes: Uint8Array): unknown;
}

/**
 * Bytes as text. No UTF-8 holds half a surrogate pair, and texts from JSON and from arguments do: U+E0xx stands for
 * U+D8xx.
 */
export function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes)
    .toString('utf8')
    .replace(/[\ue0d8-\ue0df]/g, (character) => String.fromCharCode(0xd800 + (character.charCodeAt(0) - 0xe0d8) * 256));
}

export function bytesOfText(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text));
}

export function must(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(what);
}

/** For texts of all kinds. */
export const hostileWords: readonly string[] = [
  '\u0000',
  '\u001b]0;title\u0007',
  '\u009b31m',
  '\r\n',
  '\u2028',
  '\u202e',
  '\ufeff',
  '\ue0d8',
  '\ue0dc',
  '\ufffd',
  '__proto__',
  'constructor',
  'hasOwnProperty',
  '../../etc/passwd',
  '$(touch x)',
  '\u{1f9a6}',
  'e\u0301',
];

export const jsonWords: readonly string[] = [
  '{',
  '}',
  '[',
  ']',
  '[[',
  '{"":',
  ',',
  ':',
  '"',
  '\\',
  '\\u0000',
  '\\ud800',
  '\\udc00',
  '\\"',
  'null',
  'true',
  'false',
  '"__proto__":{}',
  '1e400',
  '-0',
  '9007199254740993',
  '1.5',
  '0.1e-7',
  ' ',
  '\n',
  ...hostileWords,
];

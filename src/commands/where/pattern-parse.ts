import { type CharSet, charSet, classOf, type Range } from './pattern-set.ts';

/** A pattern as a tree. Everything in it can be matched in one pass over the text: nothing looks ahead or back. */
export type Node =
  | { kind: 'set'; set: CharSet /** The one character it is, where nothing folds it. */; only?: string }
  | { kind: 'assert'; what: Assertion }
  | { kind: 'sequence'; parts: readonly Node[] }
  | { kind: 'either'; ways: readonly Node[] }
  | { kind: 'repeat'; node: Node; min: number; max: number };

export type Assertion = 'start' | 'end' | 'border' | 'no border';

/** What is wrong with a pattern, and where in it. */
export class PatternFault extends Error {
  readonly at: number;

  constructor(at: number, message: string) {
    super(message);
    this.at = at;
  }
}

const lengthMax = 500;
const depthMax = 32;
const countMax = 1000;

/** Throws PatternFault. */
export function parsePattern(text: string): Node {
  if (text.length > lengthMax) throw new PatternFault(lengthMax, `a pattern has at most ${lengthMax} characters`);
  return new PatternParser(text).whole();
}

const named: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', f: '\f', v: '\v' };

class PatternParser {
  readonly #text: string;
  readonly #folds: boolean;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
    this.#folds = text.startsWith('(?i)');
    if (this.#folds) this.#at = 4;
  }

  whole(): Node {
    const node = this.#either();
    if (this.#at < this.#text.length) throw this.#fault("this ')' closes nothing; write \\)");
    return node;
  }

  #either(): Node {
    const ways = [this.#sequence()];
    while (this.#takes('|')) ways.push(this.#sequence());
    const [only] = ways;
    return ways.length === 1 && only !== undefined ? only : { kind: 'either', ways };
  }

  #sequence(): Node {
    const parts: Node[] = [];
    while (this.#at < this.#text.length && !'|)'.includes(this.#here())) parts.push(this.#repeated());
    return { kind: 'sequence', parts };
  }

  #repeated(): Node {
    const from = this.#at;
    const node = this.#atom();
    const count = this.#count();
    if (count === undefined) return node;
    if (node.kind === 'assert') throw new PatternFault(from, 'a place in the text cannot be repeated');
    // Greedy or lazy: whether there is a match is the same.
    this.#takes('?');
    if (this.#count() !== undefined) throw this.#fault('a repetition cannot be repeated: use a group', -1);
    return { kind: 'repeat', node, ...count };
  }

  #count(): { min: number; max: number } | undefined {
    if (this.#takes('*')) return { min: 0, max: Number.POSITIVE_INFINITY };
    if (this.#takes('+')) return { min: 1, max: Number.POSITIVE_INFINITY };
    if (this.#takes('?')) return { min: 0, max: 1 };
    const [all, low = '', comma, high = ''] = /^\{(\d{1,6})(,?)(\d{0,6})\}/.exec(this.#text.slice(this.#at)) ?? [];
    if (all === undefined) return undefined;
    const min = Number(low);
    const max = comma === '' ? min : high === '' ? Number.POSITIVE_INFINITY : Number(high);
    if (min > max) throw this.#fault('the counts are in the wrong order');
    if (min > countMax || (max > countMax && Number.isFinite(max))) throw this.#fault(`at most ${countMax} times`);
    this.#at += all.length;
    return { min, max };
  }

  #atom(): Node {
    const from = this.#at;
    const character = this.#next();
    switch (character) {
      case '(':
        return this.#group(from);
      case '[':
        return this.#set(this.#class(from));
      case '.':
        return this.#set({ ranges: lineEnds, negated: true });
      case '^':
        return { kind: 'assert', what: 'start' };
      case '$':
        return { kind: 'assert', what: 'end' };
      case '\\':
        return this.#escaped(from);
      case '*':
      case '+':
      case '?':
        throw new PatternFault(from, `there is nothing to repeat before '${character}'`);
      default:
        return this.#character(character);
    }
  }

  #group(from: number): Node {
    if (this.#takes('?') && !this.#takes(':')) {
      throw new PatternFault(from, 'only (…) and (?:…) are groups here: a pattern does not look ahead or back');
    }
    if (++this.#depth > depthMax) throw new PatternFault(from, `groups stand at most ${depthMax} deep`);
    const node = this.#either();
    this.#depth--;
    if (!this.#takes(')')) throw new PatternFault(from, "this '(' is not closed");
    return node;
  }

  #escaped(from: number): Node {
    const letter = this.#here();
    if (letter === 'b' || letter === 'B') {
      this.#at++;
      return { kind: 'assert', what: letter === 'b' ? 'border' : 'no border' };
    }
    const set = classOf(letter);
    if (set === undefined) return this.#character(this.#escapedCharacter(from));
    this.#at++;
    return this.#set(set);
  }

  #escapedCharacter(from: number): string {
    const code = /^(?:x([\da-f]{2})|u([\da-f]{4})|u\{([\da-f]{1,6})\})/i.exec(this.#text.slice(this.#at));
    const value = code === null ? undefined : Number.parseInt(code[1] ?? code[2] ?? code[3] ?? '', 16);
    if (code !== null && value !== undefined && value <= 0x10ffff) {
      this.#at += code[0].length;
      return String.fromCodePoint(value);
    }
    const letter = this.#next();
    const control = Object.hasOwn(named, letter) ? named[letter] : undefined;
    if (control !== undefined) return control;
    if (/^[1-9k]$/.test(letter)) throw new PatternFault(from, 'a pattern does not look back at its groups');
    if (letter === '' || /^[a-z\d]$/i.test(letter)) {
      throw new PatternFault(
        from,
        `there is no '\\${letter}'; known are \\d \\w \\s \\D \\W \\S \\b \\B \\t \\n \\r \\xHH \\u{H}`,
      );
    }
    return letter;
  }

  #class(from: number): { ranges: readonly Range[]; negated: boolean } {
    const negated = this.#takes('^');
    const ranges: Range[] = [];
    while (!this.#takes(']')) {
      if (this.#at >= this.#text.length) throw new PatternFault(from, "this '[' is not closed");
      const low = this.#member();
      const isRange = this.#here() === '-' && !['', ']'].includes(this.#text.charAt(this.#at + 1));
      if (!isRange) {
        ranges.push(...low);
        continue;
      }
      const at = this.#at++;
      const [first, last] = [oneOf(low), oneOf(this.#member())];
      if (first === undefined || last === undefined || first > last) {
        throw new PatternFault(at, "'-' stands between two characters, the lower one first; write \\-");
      }
      ranges.push([first, last]);
    }
    if (ranges.length === 0) throw new PatternFault(from, 'an empty set matches nothing');
    return { ranges, negated };
  }

  /** A character of a class, or a class in it. */
  #member(): readonly Range[] {
    const from = this.#at;
    const character = this.#next();
    if (character !== '\\') return [rangeOf(character)];
    const set = classOf(this.#here());
    if (set === undefined) return [rangeOf(this.#escapedCharacter(from))];
    if (set.negated) throw new PatternFault(from, `\\${this.#here()} cannot stand in a set`);
    this.#at++;
    return set.ranges;
  }

  #set(of: { ranges: readonly Range[]; negated: boolean }): Node {
    return { kind: 'set', set: charSet(of.ranges, of.negated, this.#folds) };
  }

  #character(character: string): Node {
    const set = charSet([rangeOf(character)], false, this.#folds);
    return this.#folds ? { kind: 'set', set } : { kind: 'set', set, only: character };
  }

  #here(): string {
    const code = this.#text.codePointAt(this.#at);
    return code === undefined ? '' : String.fromCodePoint(code);
  }

  #next(): string {
    const character = this.#here();
    this.#at += character.length;
    return character;
  }

  #takes(character: string): boolean {
    const takes = this.#here() === character;
    if (takes) this.#at++;
    return takes;
  }

  #fault(message: string, step = 0): PatternFault {
    return new PatternFault(Math.max(0, this.#at + step), message);
  }
}

const lineEnds: readonly Range[] = [
  [0x0a, 0x0a],
  [0x0d, 0x0d],
  [0x2028, 0x2029],
];

function rangeOf(character: string): Range {
  const code = character.codePointAt(0) ?? 0;
  return [code, code];
}

/** The character that these ranges are, if they are one. */
function oneOf(ranges: readonly Range[]): number | undefined {
  const [range] = ranges;
  return ranges.length === 1 && range !== undefined && range[0] === range[1] ? range[0] : undefined;
}

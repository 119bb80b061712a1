import { type Assertion, type Node, PatternFault, parsePattern } from './pattern-parse.ts';
import { type CharSet, isWordCharacter } from './pattern-set.ts';

/**
 * Patterns that cannot be slow: all ways through the pattern are followed side by side, one character of the text
 * after the other (Thompson, 1968), so a text costs its length times the size of the pattern at most. The engine of
 * JavaScript tries one way after the other, and can need longer than anybody waits.
 */
export interface Pattern {
  /** Does it match anywhere in the text? Of a text that is longer, the first `textMax` characters count. */
  matches(text: string): boolean;
}

/** Beyond it the size of a text alone would be slow. */
export const textMax = 65_536;
/** Steps of the pattern, with every count written out. */
const stepsMax = 2000;

interface Fork {
  do: 'either';
  one: number;
  other: number;
}

type Step = { do: 'take'; set: CharSet } | Fork | { do: 'assert'; what: Assertion } | { do: 'found' };

/** Throws PatternFault. */
export function compilePattern(text: string): Pattern {
  const tree = parsePattern(text);
  const literal = literalOf(tree);
  if (literal.whole) return { matches: (searched) => cut(searched).includes(literal.text) };
  const run = new Run(new Program(tree).steps, literal.text);
  return { matches: (searched) => run.matches(cut(searched)) };
}

function cut(text: string): string {
  return text.length > textMax ? text.slice(0, textMax) : text;
}

/** The plain characters that each match begins with; `whole`: there is nothing else. */
function literalOf(tree: Node): { text: string; whole: boolean } {
  const parts = tree.kind === 'sequence' ? tree.parts : [tree];
  let text = '';
  for (const part of parts) {
    if (part.kind !== 'set' || part.only === undefined) return { text, whole: false };
    text += part.only;
  }
  return { text, whole: true };
}

class Program {
  readonly steps: Step[] = [];
  #work = 0;

  constructor(tree: Node) {
    this.#emit(tree);
    this.#push({ do: 'found' });
  }

  #emit(node: Node): void {
    // Empty groups make no steps, however often they are repeated.
    if (++this.#work > 4 * stepsMax) throw tooLarge();
    switch (node.kind) {
      case 'set':
        this.#push({ do: 'take', set: node.set });
        return;
      case 'assert':
        this.#push({ do: 'assert', what: node.what });
        return;
      case 'sequence':
        for (const part of node.parts) this.#emit(part);
        return;
      case 'either':
        this.#either(node.ways);
        return;
      case 'repeat':
        for (let times = 0; times < node.min; times++) this.#emit(node.node);
        if (node.max === Number.POSITIVE_INFINITY) this.#endless(node.node);
        else this.#optional(node.node, node.max - node.min);
    }
  }

  #either(ways: readonly Node[]): void {
    const jumps: Fork[] = [];
    for (const way of ways.slice(0, -1)) {
      const fork = this.#fork();
      this.#emit(way);
      jumps.push(this.#fork());
      fork.other = this.steps.length;
    }
    for (const way of ways.slice(-1)) this.#emit(way);
    for (const jump of jumps) jump.one = jump.other = this.steps.length;
  }

  #endless(node: Node): void {
    const start = this.steps.length;
    const fork = this.#fork();
    this.#emit(node);
    const back = this.#fork();
    back.one = back.other = start;
    fork.other = this.steps.length;
  }

  #optional(node: Node, times: number): void {
    const forks: Fork[] = [];
    for (let at = 0; at < times; at++) {
      forks.push(this.#fork());
      this.#emit(node);
    }
    for (const fork of forks) fork.other = this.steps.length;
  }

  /** Goes on with the next step, or with another that is not known yet. */
  #fork(): Fork {
    const fork: Fork = { do: 'either', one: this.steps.length + 1, other: 0 };
    this.#push(fork);
    return fork;
  }

  #push(step: Step): void {
    if (this.steps.length >= stepsMax) throw tooLarge();
    this.steps.push(step);
  }
}

function tooLarge(): PatternFault {
  return new PatternFault(0, `the pattern is too large: with its counts written out it has over ${stepsMax} steps`);
}

class Run {
  readonly #steps: readonly Step[];
  readonly #begins: string;
  /** For each step, the place in the text at which it was last put on the list. */
  readonly #seen: Float64Array;
  #mark = 0;
  #here: number[] = [];
  #next: number[] = [];

  constructor(steps: readonly Step[], begins: string) {
    this.#steps = steps;
    this.#begins = begins;
    this.#seen = new Float64Array(steps.length).fill(-1);
  }

  matches(text: string): boolean {
    this.#here.length = 0;
    this.#mark++;
    for (let at = 0; ; ) {
      if (this.#here.length === 0 && this.#begins !== '') {
        at = text.indexOf(this.#begins, at);
        if (at < 0) return false;
      }
      if (this.#follow(0, text, at, this.#here)) return true;
      const code = text.codePointAt(at);
      if (code === undefined) return false;
      at += code > 0xffff ? 2 : 1;
      this.#mark++;
      this.#next.length = 0;
      for (const index of this.#here) {
        const step = this.#steps[index];
        if (step?.do === 'take' && step.set.has(code) && this.#follow(index + 1, text, at, this.#next)) return true;
      }
      [this.#here, this.#next] = [this.#next, this.#here];
    }
  }

  /** Puts on the list what can take a character, coming from here; true when the end of the pattern is reached. */
  #follow(from: number, text: string, at: number, list: number[]): boolean {
    const open = [from];
    for (let index = open.pop(); index !== undefined; index = open.pop()) {
      if (this.#seen[index] === this.#mark) continue;
      this.#seen[index] = this.#mark;
      const step = this.#steps[index];
      if (step === undefined) continue;
      if (step.do === 'found') return true;
      if (step.do === 'take') list.push(index);
      else if (step.do === 'either') open.push(step.other, step.one);
      else if (holds(step.what, text, at)) open.push(index + 1);
    }
    return false;
  }
}

function holds(what: Assertion, text: string, at: number): boolean {
  if (what === 'start') return at === 0;
  if (what === 'end') return at === text.length;
  const before = at > 0 && isWordCharacter(text.charCodeAt(at - 1));
  const after = at < text.length && isWordCharacter(text.charCodeAt(at));
  return (before !== after) === (what === 'border');
}

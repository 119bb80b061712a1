import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { holds, type Thing } from './things.ts';

/** An expression as a tree, told apart from the one of the tool: how it is written, and what it must say. */
interface Tree {
  text: string;
  /** Binds as `or` 0, `and` 1, or closer 2. */
  binds: 0 | 1 | 2;
  of(thing: Thing): boolean;
}

const orders: Readonly<Record<string, (a: number | string, b: number | string) => boolean>> = {
  '=': (a, b) => a === b,
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
};

const order = fc.constantFrom(...Object.keys(orders));
const small = fc.integer({ min: -2, max: 3 });
const word = fc.constantFrom('a', 'b', 'ab', 'not', 'a b', '', '(', "don't", 'x"y');

function quoted(text: string): string {
  return text.includes('"') ? `'${text}'` : `"${text}"`;
}

function leaf(text: string, of: (thing: Thing) => boolean): Tree {
  return { text, binds: 2, of };
}

const tests: fc.Arbitrary<Tree> = fc.oneof(
  fc
    .tuple(order, small)
    .map(([by, value]) => leaf(`n ${by} ${value}`, ({ n }) => n !== undefined && orders[by]?.(n, value) === true)),
  fc
    .tuple(order, word)
    .map(([by, value]) =>
      leaf(`text${by}${quoted(value)}`, ({ text }) => text !== undefined && orders[by]?.(text, value) === true),
    ),
  fc
    .tuple(fc.boolean(), fc.array(small, { minLength: 1, maxLength: 3 }))
    .map(([negated, values]) =>
      leaf(
        `m ${negated ? 'not ' : ''}in(${values.join(', ')})`,
        ({ m }) => m !== undefined && values.includes(m) !== negated,
      ),
    ),
  fc.tuple(fc.boolean(), fc.constantFrom('contains', 'starts'), word).map(([negated, verb, value]) =>
    leaf(`text ${negated ? 'not ' : ''}${verb} ${quoted(value)}`, ({ text }) => {
      if (text === undefined) return false;
      return (verb === 'starts' ? text.startsWith(value) : text.includes(value)) !== negated;
    }),
  ),
  fc.constantFrom(
    leaf('ready', ({ ready }) => ready === true),
    leaf('exists text', ({ text }) => text !== undefined),
    leaf('n = m', ({ n, m }) => n !== undefined && n === m),
    leaf('text ~ "^a"', ({ text }) => text?.startsWith('a') === true),
    leaf('text !~ "b$"', ({ text }) => text !== undefined && !text.endsWith('b')),
  ),
);

/** A part as it must be written inside something that binds as close as `least`. */
function inside(part: Tree, least: 0 | 1 | 2): string {
  return part.binds < least ? `(${part.text})` : part.text;
}

const trees = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 6, withCrossShrink: true },
    tests,
    fc.tuple(fc.constantFrom('not ', '!', 'NOT '), tie('tree')).map(([sign, of]): Tree => {
      return { text: sign + inside(of, 2), binds: 2, of: (thing) => !of.of(thing) };
    }),
    fc
      .tuple(
        fc.constantFrom('and', '&&', 'or', '||', 'AND', 'Or'),
        fc.array(tie('tree'), { minLength: 2, maxLength: 4 }),
      )
      .map(([sign, parts]): Tree => {
        const isAnd = /^(and|&&)$/i.test(sign);
        const text = parts.map((part) => inside(part, isAnd ? 1 : 0)).join(` ${sign} `);
        const of = (thing: Thing) =>
          isAnd ? parts.every((each) => each.of(thing)) : parts.some((each) => each.of(thing));
        return { text, binds: isAnd ? 1 : 0, of };
      }),
    tie('tree').map((of): Tree => ({ ...of, text: `( ${of.text} )`, binds: 2 })),
  ),
})).tree;

const things: fc.Arbitrary<Thing> = fc.record(
  { n: small, m: small, text: word, ready: fc.boolean() },
  { requiredKeys: [] },
);

test('an expression holds where the same rules, spelled out, hold', () => {
  const seen = { yes: 0, no: 0 };
  void fc.assert(
    fc.property(
      trees.filter(({ text }) => text.length < 1500),
      fc.array(things, { minLength: 1, maxLength: 5 }),
      (tree, all) => {
        for (const thing of all) {
          const expected = tree.of(thing);
          seen[expected ? 'yes' : 'no']++;
          expect(holds(tree.text, thing), tree.text).toBe(expected);
        }
      },
    ),
    { numRuns: 3000 },
  );
  expect(Math.min(seen.yes, seen.no)).toBeGreaterThan(500);
});

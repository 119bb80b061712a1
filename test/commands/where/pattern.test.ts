import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { compilePattern, textMax } from '../../../src/commands/where/pattern.ts';
import { PatternFault } from '../../../src/commands/where/pattern-parse.ts';

/** Patterns of all that the language has, over few characters so that they match now and then. */
const atoms = [
  ...['a', 'b', 'ab', '\\.', '.', '\\d', '\\D', '\\w', '\\W', '\\s', '\\S', '[ab]', '[^a]', '[a-c1]', '[\\d_-]', '[.]'],
  ...['\\x61', '\\u0062', '1', ' ', '\\n', '\\t', '\\\\', '-', '\\/', '\u00e9', '[^\\s\\w]', '[\\]^]'],
];
const places = ['^', '$', '\\b', '\\B'];
const counts = ['', '', '', '*', '+', '?', '{2}', '{0,2}', '{1,}', '*?', '+?', '{0}', '{2,3}?'];

const patternArbitrary = fc.letrec<{ whole: string; one: string; group: string }>((tie) => ({
  group: tie('whole').chain((inside) => fc.constantFrom(`(${inside})`, `(?:${inside})`)),
  one: fc.oneof(
    { maxDepth: 2, depthSize: 'small' },
    fc
      .tuple(fc.constantFrom(...atoms.filter((each) => each !== 'ab')), fc.constantFrom(...counts))
      .map((all) => all.join('')),
    fc.constantFrom(...places, 'ab'),
    fc.tuple(tie('group'), fc.constantFrom(...counts)).map((all) => all.join('')),
  ),
  whole: fc
    .array(fc.array(tie('one'), { maxLength: 4 }), { minLength: 1, maxLength: 3 })
    .map((ways) => ways.map((parts) => parts.join('')).join('|')),
})).whole;

const textArbitrary = fc
  .array(fc.constantFrom('a', 'b', 'c', '1', '_', '-', ' ', '\n', '\t', '.', '\u00e9', '\\', 'A', ']'), {
    maxLength: 12,
  })
  .map((all) => all.join(''));

test('a pattern matches what the same pattern of JavaScript matches', () => {
  let matched = 0;
  const short = patternArbitrary.filter((pattern) => pattern.length < 60);
  void fc.assert(
    fc.property(short, textArbitrary, fc.boolean(), (pattern, text, folds) => {
      const native = new RegExp(pattern, folds ? 'i' : '');
      const ours = compilePattern((folds ? '(?i)' : '') + pattern);
      const expected = native.test(text);
      if (expected) matched++;
      expect(ours.matches(text)).toBe(expected);
      // Nothing is left over from the text before.
      expect(ours.matches(text)).toBe(expected);
    }),
    { numRuns: 5000 },
  );
  expect(matched).toBeGreaterThan(500);
});

test.each([
  ['\\bab\\b', 'x ab', true],
  ['\\bab\\b', 'xab', false],
  ['ab\\b', 'ab ', true],
  ['-\\b', 'a-', false],
  ['-\\B', 'a-', true],
  ['^b|a$', 'ab', false],
])('the place of %s in %j: %s', (pattern, text, matches) => {
  expect(compilePattern(pattern).matches(text)).toBe(matches);
});

test('characters beyond the first plane are one character', () => {
  expect(compilePattern('^.$').matches('🦦')).toBe(true);
  expect(compilePattern('^[🦦-🦩]{2}$').matches('🦧🦨')).toBe(true);
  expect(compilePattern('\\u{1f9a6}').matches('an otter: 🦦')).toBe(true);
  expect(compilePattern('(?i)^ÄÖ[Ü]$').matches('äöü')).toBe(true);
  // Two letters are not the other case of one.
  expect(compilePattern('(?i)S').matches('ß')).toBe(false);
});

test.each([
  ['(a+)+$', 'a'.repeat(60_000)],
  ['(a|a)*b', 'a'.repeat(60_000)],
  ['(.*)*(.*)*x', 'a'.repeat(20_000)],
  ['^(\\w+\\s?)*$', `${'word '.repeat(10_000)}!`],
  ['a*a*a*a*a*a*b', 'a'.repeat(30_000)],
  ['(a?){50}a{50}', 'a'.repeat(49)],
  ['((a{0,30}){0,30})$', `${'a'.repeat(2000)}!`],
])('%s is never slow, as it is in engines that try one way after the other', (pattern, text) => {
  const compiled = compilePattern(pattern);
  const started = performance.now();
  compiled.matches(`${text}!`);
  // Generous: machines that test are busy.
  expect(performance.now() - started).toBeLessThan(5000);
});

test('of a long text the beginning counts', () => {
  const text = `${'x'.repeat(textMax - 1)}ab`;
  expect(compilePattern('a').matches(text)).toBe(true);
  expect(compilePattern('b').matches(text)).toBe(false);
  expect(compilePattern('b|c').matches(text)).toBe(false);
});

test.each([
  ['(', 0, 'not closed'],
  ['a)', 1, 'closes nothing'],
  ['[a', 0, 'not closed'],
  ['[]', 0, 'empty set'],
  ['[b-a]', 2, "'-' stands between"],
  ['[a-\\d]', 2, "'-' stands between"],
  ['[\\D]', 1, 'cannot stand in a set'],
  ['**', 0, 'nothing to repeat'],
  ['a**', 2, 'cannot be repeated'],
  ['a{2}{3}', 6, 'cannot be repeated'],
  ['^*', 0, 'cannot be repeated'],
  ['a{3,2}', 1, 'wrong order'],
  ['a{1001}', 1, 'at most 1000'],
  ['(?=a)', 0, 'ahead or back'],
  ['(?<n>a)', 0, 'ahead or back'],
  ['(a)\\1', 3, 'look back'],
  ['\\q', 0, "no '\\q'"],
  ['\\', 0, "no '\\'"],
  ['\\u{110000}', 0, "no '\\u'"],
  ['(a{1000}){1000}', 0, 'too large'],
  ['((((()){1000}){1000}){1000}){1000}', 0, 'too large'],
  ['(?:(?:|){1000}){1000}', 0, 'too large'],
  ['('.repeat(33), 32, 'at most 32 deep'],
  ['a'.repeat(501), 500, 'at most 500'],
])('%s is refused at %i: %s', (pattern, at, why) => {
  try {
    compilePattern(pattern);
  } catch (error) {
    expect(error).toBeInstanceOf(PatternFault);
    expect(error).toMatchObject({ at, message: expect.stringContaining(why) });
    return;
  }
  throw new Error('accepted');
});

test('what only looks like a count is plain', () => {
  expect(compilePattern('{"a":1}').matches('x{"a":1}')).toBe(true);
  expect(compilePattern('a{,2}').matches('a{,2}')).toBe(true);
  expect(compilePattern(']}').matches(']}')).toBe(true);
});

import { describe, expect, test } from 'vitest';
import { WalqError } from '../../../src/base/errors.ts';
import { placeText } from '../../../src/cli/expression-place.ts';
import { compileWhere } from '../../../src/commands/where/compile.ts';
import { jobFields } from '../../../src/commands/where/job-fields.ts';
import { holds, nowMs, where } from './things.ts';

function failureOf(text: string): WalqError {
  try {
    where(text);
  } catch (error) {
    if (error instanceof WalqError) return error;
    throw error;
  }
  return expect.unreachable(`accepted: ${text}`);
}

/** What stands under the carets. */
function marked(text: string): string {
  const { at, end } = failureOf(text).data;
  return text.slice(Number(at), Number(end));
}

describe('an expression that is wrong', () => {
  test.each([
    ['', '', 'expected a field, found the end'],
    ['  ', '', 'expected a field, found the end'],
    ['n', 'n', "'n' is a number: compare it, or ask 'exists n'; put the whole expression in quotes"],
    ['ready and n', 'n', "'n' is a number: compare it, or ask 'exists n'"],
    ['n 5', '5', "expected a comparison, such as = != < > ~, in, contains or starts, after 'n', found '5'"],
    ['n =', '', "expected a value after '=', found the end"],
    ['n = )', ')', "expected a value after '=', found ')'"],
    ['n = and', 'and', "'and' is a word of the language: put it in quotes"],
    ['and', 'and', "expected a field, found 'and'"],
    ['= 5', '=', "expected a field, found '='"],
    ['"n" = 5', '"n"', 'expected a field, found a quoted text'],
    ['(n = 1', '(', "this '(' is not closed"],
    ['n = 1)', ')', "expected 'and', 'or' or the end, found ')'"],
    ['n = 1 m = 2', 'm', "expected 'and', 'or' or the end, found 'm'"],
    ['n = 1 and', '', 'expected a field, found the end'],
    ['n in 1', '1', "expected '(' after 'in', found '1'"],
    ['n in (1', '(', "this '(' is not closed"],
    ['n in (1 2)', '2', "expected ')', found '2'"],
    ['n in ()', ')', "expected a value after '(', found ')'"],
    ['n in (1,)', ')', "expected a value after ',', found ')'"],
    ['n not 5', 'not', 'expected a comparison'],
    ['exists', '', "expected a field after 'exists', found the end"],
    ['exists(n', '(', "this '(' is not closed"],
    ['n === 1', '===', "write '='"],
    ['text =~ a', '=~', "write '~'"],
    ['n <> 1', '<>', "write '!='"],
    ['ready & ready', '&', "write '&&' or 'and'"],
    ['ready | ready', '|', "write '||' or 'or'"],
    ['text = “mail”', '“', 'is no quote to walq'],
    ['text = "mail', '"mail', 'has no closing "'],
    ['n = x', 'x', "'n' is a number, 'x' is none"],
    ['n = "5x"', '"5x"', "'n' is a number, '5x' is none"],
    ['n = took', 'took', "'n' is a number and 'took' a duration: they cannot be compared"],
    ['n ~ 5', '5', "'n' is a number: '~' looks into texts"],
    ['n contains 5', '5', "'n' is a number: 'contains' looks into texts"],
    ['took > 5', '5', "took: '5' is not a duration"],
    ['size > 4x', '4x', "size: '4x' is not a size"],
    ['at > 5', '5', "'at' is a time, '5' is none"],
    ['at > 2 ago', '2 ago', "'at' is a time, '2 ago' is none"],
    ['at > @-5', '@-5', "'at' is a time, '@-5' is none"],
    ['color = rde', 'rde', "'color' is never 'rde' (did you mean red?); it is one of red light-blue GREEN"],
    ['color < red', 'red', 'it is equal (=) or not (!=), nothing else'],
    ['ready = 1', '1', 'compare it with true or false'],
    ['ready > false', 'false', 'it is equal (=) or not (!=), nothing else'],
    ['tags = a', 'a', "'tags' is a list: write 'tags contains …'"],
    ['data.x > 5m', '5m', 'numbers of a payload have no unit'],
    ['data.x > null', 'null', 'null is equal (=) or not (!=), nothing else'],
    ['n.x = 1', 'n.x', "'n' is a number: there is nothing in it to name with a dot"],
    ['nn = 1', 'nn', "there is no field 'nn'"],
    ['data..x = 1', 'data..x', "there is no field 'data..x'"],
    ['data.x. = 1', 'data.x.', "there is no field 'data.x.'"],
    ['constructor = 1', 'constructor', "there is no field 'constructor'"],
    ['__proto__.x = 1', '__proto__.x', "there is no field '__proto__.x'"],
    ['text ~ "a(b"', '(b"', "in the pattern: this '(' is not closed"],
    ['text ~ "(?=a)"', '(?=a)"', 'does not look ahead or back'],
    ['text ~ *a', '*a', "there is nothing to repeat before '*'"],
  ])('%s: marks %s and says: %s', (text, place, message) => {
    const failure = failureOf(text);
    expect(failure).toMatchObject({ code: 'E_WHERE', exit: 2 });
    expect(failure.message).toContain(message);
    expect(marked(text)).toBe(place);
  });

  test('an unknown field names near ones, and all there are', () => {
    const failure = failureOf('n = 1 or colour = red');
    expect(failure.message).toBe("--where: character 10: there is no field 'colour'; did you mean color?");
    expect(failure.data.near).toEqual(['color']);
    expect(failure.data.fields).toEqual(
      ['at', 'color', 'data', 'm', 'n', 'ready', 'size', 'tags', 'text', 'took', 'total.n'].sort(),
    );
  });

  test('a field is named once, whatever other names it has', () => {
    const compile = () => compileWhere(jobFields, { flag: '--where', text: 'max_attemts > 1' }, nowMs);
    expect(compile).toThrow(/there is no field 'max_attemts'; did you mean max_attempts\?$/);
  });

  test('is shown with carets under the place, whatever is in it', () => {
    const plain = { bad: (text: string) => text, dim: (text: string) => text };
    const shown = (text: string): string[] => placeText(failureOf(text), plain, 60).split('\n');
    expect(shown('n = 1 and x')).toEqual([
      '  n = 1 and x',
      '            ^',
      'fields: at color data m n ready size tags text took total.n',
      '',
    ]);
    expect(shown('n =')).toEqual(['  n =', '     ^', '']);
    // A wide character takes two columns, an escape as many as it is shown with.
    expect(shown('text = "日本" and n = \u001b[31m')).toEqual([
      '  text = "日本" and n = \\x1b[31m',
      '                        ^^^^^^^^',
      '',
    ]);
    const long = shown(`text = "${'a'.repeat(200)}" and n = x or text = "${'b'.repeat(200)}"`);
    expect(long[0]).toMatch(/^ {2}…a+" and n = x or text = "b+…$/);
    expect(long[0]?.length).toBeLessThan(82);
    expect(long[0]?.charAt((long[1] ?? '').indexOf('^'))).toBe('x');
    expect(placeText(new WalqError(2, 'E_USAGE', 'x', { data: { file: 'x' } }), plain, 60)).toBe('');
  });
});

describe('bounds', () => {
  test('64 levels are read, 65 are refused, and 4096 characters of parentheses end no stack', () => {
    const nested = (levels: number): string => `${'('.repeat(levels)}n = 1${')'.repeat(levels)}`;
    expect(holds(nested(64), { n: 1 })).toBe(true);
    expect(failureOf(nested(65)).message).toContain('nested deeper than 64 levels');
    expect(failureOf('('.repeat(4000)).message).toContain('nested deeper than 64 levels');
    expect(failureOf(`${'not '.repeat(1000)}ready`).message).toContain('nested deeper than 64 levels');
    expect(holds(`${'!'.repeat(64)}ready`, { ready: true })).toBe(true);
  });

  test('levels are counted where they stand in each other, not where they stand side by side', () => {
    const row = Array.from({ length: 200 }, (_, at) => `(not (n = ${at}))`).join(' and ');
    expect(() => where(row)).not.toThrow();
    expect(holds(row, { n: 500 })).toBe(true);
    expect(holds(row, { n: 199 })).toBe(false);
  });

  test('a long row of tests is no depth, and more than 4096 characters are refused', () => {
    const row = Array.from({ length: 400 }, (_, at) => `n=${at}`).join(' or ');
    expect(holds(row, { n: 399 })).toBe(true);
    expect(holds(row, { n: 400 })).toBe(false);
    expect(failureOf(`n = 1${' '.repeat(4096)}`).message).toContain('at most 4096 characters');
  });

  test('a path has at most 32 steps', () => {
    const deep = (steps: number): string => `data${'.a'.repeat(steps)}`;
    const data = `${'{"a":'.repeat(32)}7${'}'.repeat(32)}`;
    expect(holds(`${deep(32)} = 7`, { data })).toBe(true);
    expect(failureOf(`${deep(33)} = 7`).message).toContain('at most 32 steps');
  });
});

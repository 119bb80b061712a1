import { describe, expect, test } from 'vitest';
import { holds, nowMs, type Thing } from './things.ts';

describe('a test', () => {
  test.each<[string, Thing, boolean]>([
    ['n = 5', { n: 5 }, true],
    ['n == 5', { n: 5 }, true],
    ['n!=5', { n: 5 }, false],
    ['n<5', { n: 4 }, true],
    ['n <= 5', { n: 5 }, true],
    ['n > 5', { n: 5 }, false],
    ['n >= -5.5', { n: -5 }, true],
    ['n = 5.0e0', { n: 5 }, true],
    ['n = 18446744073709551615', { n: '18446744073709551615' }, true],
    ['n = 18446744073709551614', { n: '18446744073709551615' }, false],
    ['number = 5', { n: 5 }, true],
    ['n = m', { n: 5, m: 5 }, true],
    ['n > m', { n: 5, m: 5 }, false],
    ['total.n = 7', {}, true],
  ])('of a number: %s of %o is %s', (text, thing, expected) => {
    expect(holds(text, thing)).toBe(expected);
  });

  test.each<[string, Thing, boolean]>([
    ['text = mail', { text: 'mail' }, true],
    ['text = "mail"', { text: 'mail' }, true],
    ["text = 'two words'", { text: 'two words' }, true],
    ['text = "say \\"so\\""', { text: 'say "so"' }, true],
    ['text = "a\\d"', { text: 'a\\d' }, true],
    ['text = Mail', { text: 'mail' }, false],
    ['text = n', { text: 'n', n: 1 }, true],
    ['text < b', { text: 'a' }, true],
    ['text contains ai', { text: 'mail' }, true],
    ['text not contains ai', { text: 'mail' }, false],
    ['text starts ma', { text: 'mail' }, true],
    ['text starts ai', { text: 'mail' }, false],
    ['text ~ "^m.*l$"', { text: 'mail' }, true],
    ['text !~ ^m', { text: 'mail' }, false],
    ['text in (a, "mail", c)', { text: 'mail' }, true],
    ['text not in (a,b)', { text: 'mail' }, true],
    ['text = "größe 🦦"', { text: 'größe 🦦' }, true],
    ['text = 2026-09-01T03:00Z', { text: '2026-09-01T03:00Z' }, true],
  ])('of a text: %s of %o is %s', (text, thing, expected) => {
    expect(holds(text, thing)).toBe(expected);
  });

  test.each<[string, Thing, boolean]>([
    ['color = RED', { color: 'red' }, true],
    ['color = light_blue', { color: 'light-blue' }, true],
    ['color != green', { color: 'GREEN' }, false],
    ['color in (red, green)', { color: 'GREEN' }, true],
    ['color ~ "^light"', { color: 'light-blue' }, true],
    ['ready', { ready: true }, true],
    ['ready', { ready: false }, false],
    ['not ready', { ready: false }, true],
    ['ready = no', { ready: false }, true],
    ['ready != false', { ready: true }, true],
    ['tags contains b', { tags: ['a', 'b'] }, true],
    ['tags contains ab', { tags: ['a', 'b'] }, false],
    ['tags ~ "^b$"', { tags: ['a', 'b'] }, true],
    ['tags !~ "^b$"', { tags: ['a', 'b'] }, false],
    ['tags not contains b', { tags: ['a'] }, true],
  ])('of words, flags and lists: %s of %o is %s', (text, thing, expected) => {
    expect(holds(text, thing)).toBe(expected);
  });

  test.each<[string, Thing, boolean]>([
    ['took > 5m', { took: 300_001 }, true],
    ['took >= 1h30m', { took: 5_400_000 }, true],
    ['took < 250ms', { took: 250 }, false],
    ['took > 0', { took: 1 }, true],
    ['size > 4KiB', { size: 4097 }, true],
    ['size = 10kB', { size: 10_000 }, true],
    ['size <= 512', { size: 512 }, true],
    ['at > 2026-09-01', { at: Date.UTC(2026, 8, 2, 3) }, true],
    ['at >= 2026-09-01T03:00Z', { at: Date.UTC(2026, 8, 1, 3) }, true],
    ['at < "2026-09-01 03:00+02:00"', { at: Date.UTC(2026, 8, 1, 0, 59, 59) }, true],
    ['at > 5m ago', { at: nowMs - 299_000 }, true],
    ['at > "5m ago"', { at: nowMs - 301_000 }, false],
    ['at >= 1d Ago', { at: nowMs }, true],
  ])('of times and amounts: %s of %o is %s', (text, thing, expected) => {
    expect(holds(text, thing)).toBe(expected);
  });

  const data = '{"to":"ada","n":9007199254740993,"big":1e400,"deep":{"a.b":[{"x":null},true]},"n2":"5","to":"bob"}';
  test.each<[string, boolean]>([
    ['data.to = bob', true],
    ['data.to = ada', false],
    ['data.n = 9007199254740993', true],
    ['data.n = 9007199254740992', false],
    ['data.n > 9007199254740992.5', true],
    ['data.big < 1.1e400', true],
    ['data.n2 = 5', false],
    ['data.n2 = "5"', true],
    ['data.n2 != 5', true],
    ['data.deep."a.b".0.x = null', true],
    ["data.deep.'a.b'.1 = true", true],
    ['data.deep."a.b".1 != false', true],
    ['exists data.deep."a.b".0.x', true],
    ['exists data.deep."a.b".2', false],
    ['exists data.deep."a.b".x', false],
    ['exists data.to.x', false],
    ['data.deep contains "a.b"', true],
    ['data.to contains ob', true],
    ['data.to ~ "^b"', true],
    ['data ~ "9007199254740993"', true],
    ['data.to in (x, bob)', true],
    ['data.none != 5', false],
    ['data.none not in (5)', false],
    ['data.__proto__ = null or exists data.constructor', false],
  ])('of JSON reads the text as it was written: %s is %s', (text, expected) => {
    expect(holds(text, { data })).toBe(expected);
  });

  test('of an array asks each element', () => {
    const things = { data: '["a", 5, "5", [1], {"k":"a"}]' };
    expect(holds('data contains a', things)).toBe(true);
    expect(holds('data contains 5', things)).toBe(true);
    expect(holds('data contains k', things)).toBe(false);
    expect(holds('data contains "[1]"', things)).toBe(false);
    expect(holds('data not contains 7', things)).toBe(true);
    expect(holds('data.4.k = a', things)).toBe(true);
  });

  test('of what is no JSON is false, and throws nothing', () => {
    for (const data of ['', '{', '{"a":', '[1,', 'nul', '{"a" 1}', `${'['.repeat(500)}`]) {
      for (const text of [
        'data.a = 1',
        'exists data.0.a',
        'data = 1',
        'data contains zz',
        'data.a.b ~ x',
        'data < 5',
      ]) {
        expect(holds(text, { data }), `${text} of ${data}`).toBe(false);
      }
    }
  });

  test('of a field that is not there is false, turned round too; only exists and not tell', () => {
    const tests = ['n = 1', 'n != 1', 'n < 1', 'n >= 1', 'n = m', 'text ~ a', 'text !~ a', 'text contains a'];
    const more = [
      'text not contains a',
      'text not starts a',
      'text in (a)',
      'text not in (a)',
      'color != red',
      'ready',
    ];
    for (const text of [...tests, ...more, 'ready != true', 'tags not contains a', 'data != 1', 'data.x != 1']) {
      expect(holds(text), text).toBe(false);
      expect(holds(`not (${text})`), text).toBe(true);
    }
    for (const name of ['n', 'text', 'tags', 'data', 'data.x']) {
      expect(holds(`exists ${name}`)).toBe(false);
      expect(holds(`exists(${name})`, { n: 0, text: '', tags: [], data: '{"x":null}' })).toBe(true);
    }
  });
});

describe('and, or, not', () => {
  test('bind in this order: not, and, or; parentheses first', () => {
    const truth = (text: string): string =>
      [0, 1, 2, 3, 4, 5, 6, 7]
        .map((bits) => holds(text, { n: bits & 1, m: (bits >> 1) & 1, ready: (bits & 4) > 0 }))
        .map((each) => (each ? '1' : '0'))
        .join('');
    expect(truth('n = 1 or m = 1 and ready')).toBe('01010111');
    expect(truth('(n = 1 or m = 1) and ready')).toBe('00000111');
    expect(truth('not n = 1 and m = 1')).toBe('00100010');
    expect(truth('not (n = 1 and m = 1)')).toBe('11101110');
    expect(truth('!ready || n=1 && !(m=1)')).toBe(truth('not ready or (n = 1 and not m = 1)'));
    expect(truth('NOT ready AND n = 1 OR m = 1')).toBe(truth('((not ready) and n = 1) or m = 1'));
    expect(truth('not not ready')).toBe(truth('ready'));
  });

  test('signs need no space around them', () => {
    expect(holds('(n=1)and(m>=2)||!ready&&text!=a', { n: 1, m: 2 })).toBe(true);
  });
});

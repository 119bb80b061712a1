import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WalqError } from '../../src/base/errors.ts';
import { compactJson, jsonElements, jsonKind, jsonMembers, jsonString, walkJsonElements } from '../../src/base/json.ts';

function failure(run: () => unknown): WalqError {
  try {
    run();
  } catch (error) {
    if (error instanceof WalqError) return error;
    throw error;
  }
  throw new Error('expected a WalqError');
}

describe('compactJson', () => {
  it('keeps every token as written', () => {
    for (const text of [
      '9007199254740993',
      '1e400',
      '-0',
      '0.10',
      '1E+5',
      '{"b":1,"a":2,"b":3}',
      '"\\u00e9\\/ \\ud800 é 🚀"',
      '{"__proto__":{"x":1},"constructor":null}',
      '[[],{},[{}],"",0,true,false,null]',
      '"\u2028"',
    ]) {
      expect(compactJson(text)).toBe(text);
    }
  });

  it('drops white space between tokens and only there', () => {
    expect(compactJson(' \t\r\n{ "a b" : [ 1 , 2 , { } , [ ] ] , "c" : " x " } \n')).toBe(
      '{"a b":[1,2,{},[]],"c":" x "}',
    );
  });

  it('refuses what is not one strict JSON value, and says where', () => {
    const cases: [text: string, position: number][] = [
      ['', 0],
      ['  ', 2],
      ['{', 1],
      ['{"a"', 4],
      ['{"a":', 5],
      ['{"a":1', 6],
      ['{"a":1,}', 7],
      ['{a:1}', 1],
      ['[1,]', 3],
      ['[1 2]', 3],
      ['[1}', 2],
      ['{"a":1]', 6],
      ['1 2', 2],
      ['01', 1],
      ['1.', 2],
      ['.5', 0],
      ['+1', 0],
      ['-', 1],
      ['1e', 2],
      ['1e+', 3],
      ['0x1', 1],
      ['NaN', 0],
      ['tru', 0],
      ['True', 0],
      ["'a'", 0],
      ['"a', 2],
      ['"\\x"', 2],
      ['"\\u12g4"', 5],
      ['"\\u12', 5],
      ['"\\', 2],
      ['"a\tb"', 2],
      ['"a\nb"', 2],
      ['"\u0000"', 1],
      ['\ufeff{}', 0],
      ['\u00a01', 0],
      ['[1]//x', 3],
      ['"\ud83d"', 1],
      [']', 0],
      ['{}}', 2],
    ];
    for (const [text, position] of cases) {
      const error = failure(() => compactJson(text));
      expect([text, error.code, error.exit, error.data.position]).toEqual([text, 'E_JSON', 2, position]);
    }
  });

  it('escapes what it found in its message', () => {
    expect(failure(() => compactJson('\u001b')).message).toBe(
      "not valid JSON at position 0: expected a value, found '\\x1b'",
    );
  });

  it('counts depth: 128 levels pass, 129 do not, a million do not exhaust anything', () => {
    expect(compactJson(`${'['.repeat(128)}${']'.repeat(128)}`)).toHaveLength(256);
    expect(failure(() => compactJson(`${'['.repeat(129)}${']'.repeat(129)}`)).code).toBe('E_JSON_DEPTH');
    expect(failure(() => compactJson('[{"a":'.repeat(500_000), { bytesMax: 1e8 })).code).toBe('E_JSON_DEPTH');
    const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
    expect(compactJson(deep, { depthMax: 200_000 })).toBe(deep);
    expect(failure(() => compactJson('[]', { depthMax: 0 })).code).toBe('E_JSON_DEPTH');
  });

  it('measures size in UTF-8 bytes', () => {
    expect(compactJson('"äö"', { bytesMax: 6 })).toBe('"äö"');
    expect(failure(() => compactJson('"äö"', { bytesMax: 5 }))).toMatchObject({ code: 'E_JSON_SIZE', exit: 2 });
    expect(failure(() => compactJson(`"${'x'.repeat(1024 * 1024)}"`)).code).toBe('E_JSON_SIZE');
    expect(compactJson(`"${'x'.repeat(1024 * 1024 - 2)}"`)).toHaveLength(1024 * 1024);
  });

  it('agrees with JSON.parse on every text, well-formed or not', () => {
    const token = fc.constantFrom(
      ...['{', '}', '[', ']', ',', ':', ' ', '"a"', '"', '\\', '1', '-', '0', '.', 'e', 'true', 'null', '\n', 'é'],
    );
    const scalar = fc.oneof(fc.string(), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean());
    const nearlyPlain = fc
      .tuple(fc.dictionary(fc.string(), scalar), fc.nat(), fc.nat({ max: 1 }), fc.oneof(token, fc.constant('')))
      .map(([object, place, cut, put]) => {
        const text = JSON.stringify(object);
        const at = place % text.length;
        return text.slice(0, at) + put + text.slice(at + cut);
      });
    fc.assert(
      fc.property(
        fc.oneof(
          fc.array(token, { maxLength: 12 }).map((t) => t.join('')),
          nearlyPlain,
          fc.json(),
          fc.string(),
        ),
        (text) => {
          let value: unknown;
          let valid = true;
          try {
            value = JSON.parse(text);
          } catch {
            valid = false;
          }
          if (!valid) {
            expect(failure(() => compactJson(text)).code).toBe('E_JSON');
          } else if (!/[\ud800-\udfff]/u.test(text)) {
            expect(JSON.parse(compactJson(text))).toEqual(value);
          }
        },
      ),
      { numRuns: 3000 },
    );
  });

  it('equals JSON.stringify of pretty-printed values', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), fc.constantFrom('', ' ', '\t', '\n \r'), (value, indent) => {
        expect(compactJson(JSON.stringify(value, null, indent))).toBe(JSON.stringify(value));
      }),
    );
  });
});

describe('jsonKind', () => {
  it('tells the kind from the first character', () => {
    const kinds = [' {', '[', '"', '-1', '7', 'true', 'false', 'null'].map(jsonKind);
    expect(kinds).toEqual(['object', 'array', 'string', 'number', 'number', 'true', 'false', 'null']);
    expect(failure(() => jsonKind('')).code).toBe('E_JSON');
    expect(failure(() => jsonKind('x')).code).toBe('E_JSON');
  });
});

describe('jsonMembers', () => {
  it('gives members in order, duplicates kept, keys decoded, values as written', () => {
    expect(jsonMembers(' { "a\\u0062" : 1.0 , "x" : [ 1, 2 ] , "x" : {"y":" "} } ')).toEqual([
      { key: 'ab', value: '1.0' },
      { key: 'x', value: '[ 1, 2 ]' },
      { key: 'x', value: '{"y":" "}' },
    ]);
    expect(jsonMembers('{}')).toEqual([]);
  });

  it('takes __proto__ for a key like any other', () => {
    expect(jsonMembers('{"__proto__":{"polluted":true}}')).toEqual([{ key: '__proto__', value: '{"polluted":true}' }]);
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
  });

  it('refuses other kinds, bad nesting and trailing text', () => {
    for (const text of ['[]', '1', '', '{"a":1}x', '{"a":1', '{"a":[}', '{"a":1,}', '{,}', '{"a" 1}', '{"\ud800":1}']) {
      expect([text, failure(() => jsonMembers(text)).code]).toEqual([text, 'E_JSON']);
    }
    expect(failure(() => jsonMembers(`{"a":${'['.repeat(128)}${']'.repeat(128)}}`)).code).toBe('E_JSON_DEPTH');
  });
});

describe('jsonElements', () => {
  it('gives elements as written', () => {
    expect(jsonElements(' [ 1 , "a,b]" , { "x" : 1 } , [] ] ')).toEqual(['1', '"a,b]"', '{ "x" : 1 }', '[]']);
    expect(jsonElements('[ ]')).toEqual([]);
  });

  it('refuses what is not an array', () => {
    for (const text of ['{}', '[1,]', '[1', '[', '[]]', '[,1]']) {
      expect([text, failure(() => jsonElements(text)).code]).toEqual([text, 'E_JSON']);
    }
  });

  it('walks lazily: a fault shows only when reached', () => {
    const walk = walkJsonElements('[1,2,?]');
    expect([walk.next().value, walk.next().value]).toEqual(['1', '2']);
    expect(failure(() => walk.next()).data.position).toBe(5);
  });
});

describe('jsonString', () => {
  it('decodes one string token', () => {
    expect(jsonString(' "a\\n\\u00e9\\ud83d\\ude80/" ')).toBe('a\né🚀/');
    expect(jsonString('"\\ud800"')).toBe('\ud800');
    for (const text of ['1', '"a', '"a"b', '']) expect(failure(() => jsonString(text)).code).toBe('E_JSON');
  });
});

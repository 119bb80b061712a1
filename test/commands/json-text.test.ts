import { expect, it } from 'vitest';
import { JsonText, stringify } from '../../src/commands/json-text.ts';

it('inserts texts of a log as they were written', () => {
  const payload = new JsonText('{"n":9007199254740993,"b":1e400,"a":1,"a":2}');
  expect(stringify({ seq: 1, payload, list: [payload] })).toBe(
    `{"seq":1,"payload":${payload.text},"list":[${payload.text}]}`,
  );
});

it('is JSON.stringify for everything else, compact and indented', () => {
  const value = {
    'a "b"\u001b': [1, 'x', null, true, [], {}, [[1]]],
    nan: Number.NaN,
    __proto__x: { deep: { deeper: ['é'] } },
    date: new Date(0),
    none: undefined,
  };
  expect(stringify(value)).toBe(JSON.stringify(value));
  expect(stringify(value, 2)).toBe(JSON.stringify(value, null, 2));
  expect(stringify(undefined)).toBe('null');
  expect(stringify([undefined])).toBe('[null]');
});

it('writes maps as objects and big integers in full', () => {
  expect(stringify(new Map<string, unknown>([['__proto__', 1n << 64n]]))).toBe('{"__proto__":18446744073709551616}');
});

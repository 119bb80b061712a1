import { expect, test } from 'vitest';
import { givePayload } from '../../src/base/parsed.ts';

const given = (text: string | undefined): { payload: unknown } => givePayload({ payload: undefined }, text);
const readsAs = (text: string): PropertyDescriptor | undefined =>
  Object.getOwnPropertyDescriptor(given(text), 'payload');

test('a payload is the value of its text; each time the same one', () => {
  const long = JSON.stringify({ text: 'x'.repeat(5000) });
  for (const text of ['{"a":[1]}', '0', 'null', long]) {
    const job = given(text);
    expect(job.payload).toEqual(JSON.parse(text));
    expect(job.payload).toBe(job.payload);
    // A copy and a printout have it as well.
    expect({ ...job }).toEqual({ payload: JSON.parse(text) });
  }
  expect(given(undefined).payload).toBeUndefined();
});

test('a long one is parsed when it is read, and not before', () => {
  expect(readsAs('{"a":1}')?.value).toEqual({ a: 1 });
  expect(readsAs(JSON.stringify('x'.repeat(5000)))).toMatchObject({ get: expect.any(Function), enumerable: true });
});

test('of a text that is no JSON whoever reads the payload hears', () => {
  const job = given('{"a":');
  expect(() => job.payload).toThrow(SyntaxError);
});

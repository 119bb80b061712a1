import { expect, test } from 'vitest';
import { errorText } from '../../../src/queue/work/error-text.ts';

const firstLine = (error: unknown): string => errorText(error).split('\n')[0] ?? '';

test('an error is told with its causes, before its stack', () => {
  const refused = new Error('connect ECONNREFUSED 127.0.0.1:9');
  const failed = new TypeError('fetch failed', { cause: refused });
  expect(firstLine(failed)).toBe('TypeError: fetch failed; caused by Error: connect ECONNREFUSED 127.0.0.1:9');
  expect(errorText(failed)).toMatch(/\n\s+at .*error-text\.test\.ts/);
  const outer = new Error('no mail today', { cause: failed });
  expect(firstLine(outer)).toBe(
    'Error: no mail today; caused by TypeError: fetch failed; caused by Error: connect ECONNREFUSED 127.0.0.1:9',
  );
});

test('of several that failed together the first is told', async () => {
  const tries = new AggregateError([new Error('connect ECONNREFUSED ::1:9'), new Error('another')]);
  expect(firstLine(new TypeError('fetch failed', { cause: tries }))).toBe(
    'TypeError: fetch failed; caused by AggregateError; caused by Error: connect ECONNREFUSED ::1:9',
  );
});

test('a real fetch that fails says why', async () => {
  const error = await fetch('http://127.0.0.1:1/').catch((error: unknown) => error);
  expect(firstLine(error)).toMatch(/^TypeError: fetch failed; caused by Error: .+/);
});

test('an error that is its own cause, or has a very long one, is told in a few words', () => {
  const circle = new Error('round');
  circle.cause = circle;
  expect(firstLine(circle)).toBe(`Error: round${'; caused by Error: round'.repeat(5)}`);
  expect(errorText(new Error('short', { cause: 'x'.repeat(10_000) })).length).toBeLessThanOrEqual(2048);
});

test('what is no error is shown with what it holds', () => {
  expect(errorText({ code: 7, why: 'no paper' })).toBe("{ code: 7, why: 'no paper' }");
  expect(errorText('plain')).toBe('plain');
  expect(errorText(undefined)).toBe('undefined');
  const odd = {
    toString(): never {
      throw new Error('no');
    },
  };
  expect(errorText(odd)).toBe('the handler threw something (object) that cannot be shown');
});

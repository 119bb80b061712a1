import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { agoText, durationMsMax, formatDuration, parseDuration } from '../../src/base/duration.ts';

describe('parseDuration', () => {
  test.each([
    ['0', 0],
    ['250ms', 250],
    ['30s', 30_000],
    ['1.5s', 1500],
    ['1h30m', 5_400_000],
    ['7d', 604_800_000],
    ['1w1d1h1m1s1ms', 694_861_001],
    ['0.001s', 1],
  ])('%s is %i ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  test.each([
    '',
    '30',
    '1',
    '-5s',
    '+5s',
    '5 s',
    '1m1h',
    '1s1s',
    '1.5h2m',
    '1e3s',
    '.5s',
    '5S',
    'ms',
    '0.0001s',
    'NaN',
    '5min',
    '٣s',
    '1s ',
  ])("'%s' is refused and the message names the flag and the forms", (text) => {
    expect(() => parseDuration(text, '--timeout')).toThrow(
      expect.objectContaining({
        code: 'E_DURATION',
        exit: 2,
        message: expect.stringMatching(/^--timeout: .*'1h30m'/s),
      }),
    );
  });

  test('more than 100 years is refused', () => {
    expect(() => parseDuration('99999999999999w')).toThrow(/100 years/);
  });

  test('every duration reads back from its printed form', () => {
    void fc.assert(
      fc.property(fc.integer({ min: 0, max: durationMsMax }), (ms) => {
        const text = formatDuration(ms);
        expect(parseDuration(text)).toBe(ms);
      }),
    );
  });

  test.each([
    [0, '0s'],
    [999, '999ms'],
    [1000, '1s'],
    [1500, '1.5s'],
    [60_000, '1m'],
    [90_001, '1m30.001s'],
    [86_400_000, '1d'],
    [-1500, '-1.5s'],
  ])('%i prints as %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });
});

test('a time that lies ahead, because a clock was set back, is not said to be past', () => {
  expect([90_000, 0, -3, -90_000].map(agoText)).toEqual(['1m30s ago', '0s ago', '0s ago', '1m30s ahead of this clock']);
});

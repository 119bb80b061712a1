import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { durationMsMax, formatBytes, formatDuration, parseBytes, parseDuration } from '../../src/base/duration.ts';

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

describe('parseBytes', () => {
  test.each([
    ['0', 0],
    ['512', 512],
    ['10k', 10_240],
    ['10kB', 10_000],
    ['64MiB', 67_108_864],
    ['64 MiB', 67_108_864],
    ['1.5GiB', 1_610_612_736],
  ])('%s is %i bytes', (text, bytes) => {
    expect(parseBytes(text)).toBe(bytes);
  });

  test.each([
    '',
    '-1',
    '1e3',
    'k',
    '1.5',
    '10XB',
    '10 k b',
    '9007199254740993',
    '99999999T',
    '__proto__',
    '1constructor',
  ])("'%s' is refused", (text) => {
    expect(() => parseBytes(text, '--segment-size')).toThrow(
      expect.objectContaining({ code: 'E_SIZE', exit: 2, message: expect.stringMatching(/^--segment-size: /) }),
    );
  });

  test.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1536, '1.5 KiB'],
    [1024 * 1024 - 1, '1 MiB'],
    [67_108_864, '64 MiB'],
  ])('%i prints as %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });
});

import { describe, expect, test } from 'vitest';
import { parseBytes } from '../../src/base/size.ts';

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
});

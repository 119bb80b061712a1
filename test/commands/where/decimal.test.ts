import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareDecimals, parseDecimal } from '../../../src/commands/where/decimal.ts';

/** Digits times a power of ten, and a text that says the same in one of many ways. */
const written = fc
  .record({
    digits: fc.bigInt({ min: -(10n ** 24n), max: 10n ** 24n }),
    power: fc.integer({ min: -30, max: 30 }),
    dot: fc.integer({ min: 0, max: 30 }),
    zeros: fc.integer({ min: 0, max: 3 }),
  })
  .map(({ digits, power, dot, zeros }) => {
    const plain = String(digits < 0n ? -digits : digits).padStart(dot + 1, '0');
    const whole = '0'.repeat(zeros) + plain.slice(0, plain.length - dot);
    const fraction = plain.slice(plain.length - dot) + '0'.repeat(zeros);
    const text = `${digits < 0n ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}e${power + dot}`;
    return { text, value: digits * 10n ** BigInt(power + 30) };
  });

function sign(value: number): number {
  return value < 0 ? -1 : value > 0 ? 1 : 0;
}

test('numbers compare as exact integers of the same digits do', () => {
  void fc.assert(
    fc.property(written, written, (a, b) => {
      const [left, right] = [parseDecimal(a.text), parseDecimal(b.text)];
      if (left === undefined || right === undefined) throw new Error('not taken for a number');
      expect(sign(compareDecimals(left, right))).toBe(a.value < b.value ? -1 : a.value > b.value ? 1 : 0);
      expect(sign(compareDecimals(left, left))).toBe(0);
    }),
    { numRuns: 2000 },
  );
});

test.each([
  ['9007199254740993', '9007199254740992', 1],
  ['1e400', '1e401', -1],
  ['-1e400', '1', -1],
  ['0.1', '0.10', 0],
  ['-0', '0', 0],
  ['-0.000', '0e99', 0],
  ['1e99999999999999999999', '1e99999999999999999998', 0],
  ['100', '1e2', 0],
  ['5', '4.999999999999999999999', 1],
])('%s and %s: %i', (a, b, order) => {
  const of = (text: string) => parseDecimal(text) ?? Number.NaN;
  expect(sign(compareDecimals(of(a), of(b)))).toBe(order);
  expect(sign(compareDecimals(of(b), of(a)))).toBe(order === 0 ? 0 : -order);
});

test.each(['', '-', '1.', '.5', '1e', '0x10', 'NaN', 'Infinity', '1_000', ' 1', '1 ', '--1', '1e5.5'])(
  "'%s' is no number",
  (text) => {
    expect(parseDecimal(text)).toBeUndefined();
  },
);

test('a long row of zeros takes no longer than it is long', () => {
  const long = `1${'0'.repeat(4000)}1${'0'.repeat(50_000)}`;
  const started = performance.now();
  for (let times = 0; times < 20; times++) compareDecimals(long, '1');
  expect(performance.now() - started).toBeLessThan(1000);
});

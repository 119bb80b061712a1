import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { enqueueDefaults } from '../../src/queue/events/event-types.ts';
import { type Backoff, nextDelayMs, parseBackoff } from '../../src/queue/ops/backoff.ts';

const zeros = (buffer: Uint8Array): void => {
  buffer.fill(0);
};
const ones = (buffer: Uint8Array): void => {
  buffer.fill(0xff);
};

describe('parseBackoff', () => {
  test.each<[string, Backoff]>([
    ['none', { kind: 'none' }],
    ['fixed:10s', { kind: 'fixed', delayMs: 10_000, jitter: 0 }],
    ['fixed:0', { kind: 'fixed', delayMs: 0, jitter: 0 }],
    ['fixed:1m30s~1', { kind: 'fixed', delayMs: 90_000, jitter: 1 }],
    ['exp:1s..5m*2~0.5', { kind: 'exp', firstMs: 1000, maxMs: 300_000, factor: 2, jitter: 0.5 }],
    ['exp:1.5s..1h*1.5', { kind: 'exp', firstMs: 1500, maxMs: 3_600_000, factor: 1.5, jitter: 0 }],
    ['exp:1s..1s', { kind: 'exp', firstMs: 1000, maxMs: 1000, factor: 2, jitter: 0 }],
  ])('%s', (text, backoff) => {
    expect(parseBackoff(text)).toEqual(backoff);
  });

  test.each([
    '',
    'None',
    'exp',
    'exp:',
    'exp:1s',
    'exp:1s..',
    'exp:5m..1s',
    'exp:0..1s',
    'exp:1s..5m*0.5',
    'exp:1s..5m~2',
    'exp:1s..5m~0.5*2',
    'fixed:10',
    'fixed:',
    'fixed:1s*2',
    'linear:1s',
  ])("'%s' is refused, naming the option", (text) => {
    expect(() => parseBackoff(text)).toThrow(
      expect.objectContaining({
        exit: 2,
        code: expect.stringMatching(/^E_(BACKOFF|DURATION)$/),
        message: expect.stringMatching(/^backoff: /),
      }),
    );
  });

  test('the default of a job can be read', () => {
    expect(parseBackoff(enqueueDefaults.backoff)).toEqual(parseBackoff('exp:1s..5m*2~0.5'));
  });
});

describe('nextDelayMs', () => {
  test('exponential delays double up to the limit, for ever', () => {
    const backoff = parseBackoff('exp:1s..5m');
    expect([1, 2, 3, 4, 9, 10, 5000].map((attempt) => nextDelayMs(backoff, attempt, zeros))).toEqual([
      1000, 2000, 4000, 8000, 256_000, 300_000, 300_000,
    ]);
  });

  test('without jitter no random bytes are drawn', () => {
    const forbidden = (): never => {
      throw new Error('drawn');
    };
    expect(nextDelayMs(parseBackoff('fixed:10s'), 3, forbidden)).toBe(10_000);
    expect(nextDelayMs({ kind: 'none' }, 3, forbidden)).toBe(0);
  });

  test('jitter only shortens, by at most its share', () => {
    const backoff = parseBackoff('fixed:10s~0.3');
    expect(nextDelayMs(backoff, 1, zeros)).toBe(10_000);
    expect(nextDelayMs(backoff, 1, ones)).toBe(7000);
    void fc.assert(
      fc.property(fc.uint8Array({ minLength: 4, maxLength: 4 }), (bytes) => {
        const delay = nextDelayMs(backoff, 1, (buffer) => buffer.set(bytes));
        expect(delay).toBeGreaterThanOrEqual(7000);
        expect(delay).toBeLessThanOrEqual(10_000);
      }),
    );
  });
});

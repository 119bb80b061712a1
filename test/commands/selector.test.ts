import { describe, expect, it } from 'vitest';
import { type LogLook, resolveRange, resolveSelector } from '../../src/commands/resolve.ts';
import { formatSelector, parseRange, parseSelector, parseSpan, tryRange } from '../../src/commands/selector.ts';
import { parseTime } from '../../src/commands/time.ts';

describe('a point', () => {
  it.each([
    ['123', { kind: 'seq', seq: 123 }],
    ['0', { kind: 'seq', seq: 0 }],
    [' 7 ', { kind: 'seq', seq: 7 }],
    ['@-10', { kind: 'from-tail', back: 10 }],
    ['-10', { kind: 'from-tail', back: 10 }],
    ['@tail', { kind: 'tail' }],
    ['@snap', { kind: 'snap' }],
    ['2026-09-01T03:00Z', { kind: 'time', ms: Date.UTC(2026, 8, 1, 3) }],
    ['2026-09-01T03:00:00.25+02:00', { kind: 'time', ms: Date.UTC(2026, 8, 1, 1, 0, 0, 250) }],
    ['5m ago', { kind: 'ago', ms: 300_000 }],
    ['1h30m ago', { kind: 'ago', ms: 5_400_000 }],
    ['2 days ago', { kind: 'ago', ms: 172_800_000 }],
    ['1.5s ago', { kind: 'ago', ms: 1500 }],
  ])('%s', (text, expected) => {
    expect(parseSelector(text)).toEqual(expected);
  });

  it.each([
    '',
    ' ',
    'x',
    '@',
    '@-0',
    '@-',
    '--1',
    '1e3',
    '0x10',
    '1.5',
    '٣',
    '99999999999999999999',
    '@head',
    '5 ago',
    '5x ago',
    'ago',
    '2026-13-01',
    '2026-02-30',
    '2026-09-01T24:00',
    '2026-09-01T03',
    '@-99999999999999999999',
  ])('refuses %j with E_SELECTOR', (text) => {
    expect(() => parseSelector(text)).toThrow(expect.objectContaining({ code: 'E_SELECTOR', exit: 2 }));
  });

  it('shows itself in a form that parses to the same', () => {
    for (const text of ['5', '@-3', '@tail', '@snap', '2026-09-01T03:00Z', '90s ago']) {
      expect(parseSelector(formatSelector(parseSelector(text)))).toEqual(parseSelector(text));
    }
  });
});

describe('a time without a zone', () => {
  it('is local, with and without hours', () => {
    expect(parseTime('2026-09-01')).toBe(new Date(2026, 8, 1).getTime());
    expect(parseTime('2026-09-01 03:04:05')).toBe(new Date(2026, 8, 1, 3, 4, 5).getTime());
    expect(parseTime('2028-02-29')).toBe(new Date(2028, 1, 29).getTime());
  });
});

describe('a span', () => {
  it('knows milliseconds to weeks and nothing else', () => {
    expect(parseSpan('250ms')).toBe(250);
    expect(parseSpan('1w')).toBe(604_800_000);
    expect(parseSpan('1 hour 5 min')).toBe(3_900_000);
    for (const text of ['', '5', 'm', '5y', '-5m', '5m!']) expect(parseSpan(text)).toBeUndefined();
  });
});

describe('a range', () => {
  it('has two ends, one, or is a point', () => {
    expect(parseRange('1..5')).toEqual({ from: { kind: 'seq', seq: 1 }, to: { kind: 'seq', seq: 5 } });
    expect(parseRange('1..')).toEqual({ from: { kind: 'seq', seq: 1 } });
    expect(parseRange('..5')).toEqual({ to: { kind: 'seq', seq: 5 } });
    expect(parseRange('@-10..')).toEqual({ from: { kind: 'from-tail', back: 10 } });
    expect(parseRange('-10..@-2')).toEqual({
      from: { kind: 'from-tail', back: 10 },
      to: { kind: 'from-tail', back: 2 },
    });
    expect(parseRange('1h ago..5m ago')).toEqual({
      from: { kind: 'ago', ms: 3_600_000 },
      to: { kind: 'ago', ms: 300_000 },
    });
    const point = parseRange('7');
    expect(point.from).toBe(point.to);
  });

  it.each(['..', '1...5', 'a..b', '1..b', 'file.wal', '../store', './x', ''])('is not %j', (text) => {
    expect(tryRange(text)).toBeUndefined();
    expect(() => parseRange(text)).toThrow(expect.objectContaining({ code: 'E_SELECTOR' }));
  });
});

/** Seqs 101..110; the event with seq s has time (s - 100) * 1000, but 105 was written by a clock that stood at 2000. */
function look(changes: Partial<LogLook> = {}): LogLook {
  return {
    begins: async () => undefined,
    ends: async () => ({ seqFirst: 101, seqLast: 110 }),
    seqAtTime: async (ms) => (ms < 1000 ? undefined : Math.min(110, 100 + Math.floor(ms / 1000))),
    seqFromTime: async (ms) => (ms > 10_000 ? undefined : Math.max(101, 100 + Math.ceil(ms / 1000))),
    snapshotSeq: async () => 104,
    nowMs: () => 12_000,
    ...changes,
  };
}

describe('resolving', () => {
  it('finds points from the tail, of a snapshot and in time', async () => {
    const end = (text: string) => resolveSelector(parseSelector(text), look(), 'end');
    expect(await end('@tail')).toBe(110);
    expect(await end('@-1')).toBe(110);
    expect(await end('@-10')).toBe(101);
    expect(await end('@snap')).toBe(104);
    expect(await end('1970-01-01T00:00:03Z')).toBe(103);
    expect(await end('5s ago')).toBe(107);
  });

  it('shows what came after the snapshot for @snap..', async () => {
    expect(await resolveRange(parseRange('@snap..'), look())).toEqual({ from: 105 });
  });

  it('shows all of a log that is shorter than asked for', async () => {
    expect(await resolveRange(parseRange('@-500..'), look())).toEqual({ from: 101 });
  });

  it('takes a time as "up to here", and a point as one event', async () => {
    expect(await resolveRange(parseRange('1970-01-01T00:00:03Z'), look())).toEqual({ to: 103 });
    expect(await resolveRange(parseRange('103'), look())).toEqual({ from: 103, to: 103 });
  });

  it.each(['100', '5..', '..100', '@-11', '1970-01-01T00:00:00Z', '..1970-01-01T00:00:00Z'])(
    'names the earliest seq when %s lies before the base',
    async (text) => {
      await expect(resolveRange(parseRange(text), look())).rejects.toMatchObject({
        code: 'E_BEFORE_BASE',
        exit: 2,
        data: { earliest: 101 },
      });
    },
  );

  it('names where a log begins that holds no event any more', async () => {
    const cleaned = look({ begins: async () => 101, ends: async () => undefined });
    for (const text of ['100', '5..', '..100']) {
      await expect(resolveRange(parseRange(text), cleaned)).rejects.toMatchObject({
        code: 'E_BEFORE_BASE',
        data: { earliest: 101 },
      });
    }
    expect(await resolveRange(parseRange('101..'), cleaned)).toEqual({ from: 101 });
  });

  it('refuses a range that ends before it starts', async () => {
    await expect(resolveRange(parseRange('105..103'), look())).rejects.toMatchObject({ code: 'E_SELECTOR' });
  });

  it('refuses points of an empty log and @snap without a snapshot', async () => {
    const empty = look({ ends: async () => undefined, snapshotSeq: async () => undefined });
    for (const text of ['@tail', '@-1', '@snap', '5m ago']) {
      await expect(resolveRange(parseRange(text), empty)).rejects.toMatchObject({ code: 'E_SELECTOR', exit: 2 });
    }
  });
});

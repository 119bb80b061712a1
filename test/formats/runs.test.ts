import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FindingList } from '../../src/formats/findings.ts';
import { Intervals } from '../../src/formats/intervals.ts';
import { RunTracker } from '../../src/formats/runs.ts';
import { parseSeq, type SeqValue, seqBefore, seqCount, seqNext } from '../../src/formats/seq.ts';
import { range } from './raft-encoder.ts';

interface Seen {
  tracker: RunTracker;
  missing: string[];
  codes: string[];
}

/** Each record is its number and a session, whose records differ from another one's. */
function track(records: readonly (readonly [seq: SeqValue, session: number])[], intervalsMax?: number): Seen {
  const findings = new FindingList('x');
  const tracker = new RunTracker(findings, {
    startsAtOne: true,
    ...(intervalsMax === undefined ? {} : { intervalsMax }),
  });
  for (const [at, [seq, session]] of records.entries()) tracker.add(seq, session, at * 10, at * 10 + 9);
  tracker.finish();
  const missing = tracker.missing.map(({ seqFirst, seqLast }) => `${seqFirst}..${seqLast}`);
  return { tracker, missing, codes: findings.list().map((finding) => finding.code) };
}

const of = (seqs: readonly SeqValue[], session = 0) => seqs.map((seq) => [seq, session] as const);

describe('numbers of a log', () => {
  it('finds a hole, and none where the number comes late', () => {
    expect(track(of([1, 2, 5, 6])).missing).toEqual(['3..4']);
    expect(track(of([1, 2, 5, 4, 3, 6])).missing).toEqual([]);
    expect(track(of([3, 1, 2])).missing).toEqual([]);
  });

  it('sees a new session at a 1 that is not the old record', () => {
    const { tracker, missing } = track([...of(range(1, 9)), ...of(range(1, 20), 1)]);
    expect([tracker.runs, missing]).toEqual([2, []]);
  });

  it('moves the first records of a session over that overtook its 1', () => {
    const { tracker, missing } = track([...of([1, 2, 3]), ...of([2, 4, 1, 3, 6, 5], 1)]);
    expect([tracker.runs, missing, tracker.conflicts]).toEqual([2, [], 0]);
  });

  it('moves those over that overtook the 1 behind a session shorter than their number, if less is missing then', () => {
    for (const second of [
      [5, 4, 1, 2, 3, 6, 7],
      [6, 1, 2, 3, 4, 5, 7],
      [8, 1, 9, 2, 3, 4, 5, 6, 7],
    ]) {
      const { tracker, missing } = track([...of([1, 2, 3]), ...of(second, 1), ...of(range(1, 30), 2)]);
      expect([second, tracker.runs, missing, tracker.conflicts]).toEqual([second, 3, [], 0]);
    }
    expect(track([...of([1, 2, 3, 4, 5]), ...of([1, 2, 3, 6, 7], 1)]).missing).toEqual(['4..5']);
    expect(track([...of([1, 2, 3, 5]), ...of(range(1, 9), 1)]).missing).toEqual(['4..4']);
    expect(track([...of([...range(1, 7), 9]), ...of(range(1, 8), 1)]).missing).toEqual(['8..8']);
  });

  it('sees a session that lost its beginning', () => {
    const { tracker, missing } = track([...of(range(1, 300)), ...of(range(51, 290), 1)]);
    expect([tracker.runs, missing]).toEqual([2, ['1..50']]);
    expect(track([...of(range(1, 9)), ...of([4, 5], 1)]).missing).toEqual(['1..3']);
    expect(track([...of(range(900, 2000)), ...of(range(1, 30), 1)]).missing).toEqual(['1..899']);
    for (const length of range(3, 40))
      expect([length, track([...of(range(1, length)), ...of(range(2, 400), 1)]).missing]).toEqual([length, ['1..1']]);
  });

  it('counts a record that differs from one of its number as a conflict when the old session goes on', () => {
    const { tracker, missing } = track([...of(range(1, 9)), [5, 1], ...of(range(10, 200))]);
    expect([tracker.runs, tracker.conflicts, missing]).toEqual([1, 1, []]);
    const changed = track([...of(range(1, 9)), [13, 1], ...of(range(11, 200))]);
    expect([changed.tracker.runs, changed.tracker.conflicts, changed.missing]).toEqual([1, 1, ['10..10']]);
  });

  it('counts a block that stands there twice as duplicates, wherever it is', () => {
    const block = of(range(5, 50));
    expect(track([...of(range(1, 60)), ...block, ...of([61])]).tracker).toMatchObject({
      duplicates: 46,
      runs: 1,
      missing: [],
    });
    const { tracker, codes } = track([...of(range(1, 60)), ...of(range(1, 60))]);
    expect([tracker.duplicates, tracker.runs, codes]).toEqual([60, 1, ['E_LOG_DUPLICATE']]);
  });

  it('bears two sessions that write one file at once', () => {
    const mixed = range(1, 100).flatMap((seq) => [[seq + 200, 0] as const, [seq, 1] as const]);
    const { missing } = track([...of(range(1, 200)), ...mixed]);
    expect(missing).toEqual([]);
  });

  it('works the same beyond 2^53', () => {
    const big = (offset: bigint): SeqValue => parseSeq(String(2n ** 53n - 2n + offset)) ?? 0;
    const seqs = [0n, 1n, 2n, 3n, 6n, 5n, 9n].map(big);
    expect(track(of(seqs)).missing.slice(1)).toEqual([
      '9007199254740994..9007199254740994',
      '9007199254740997..9007199254740998',
    ]);
  });

  it('keeps its memory bounded when every second number is missing, and says so', () => {
    const { tracker, codes } = track(of(Array.from({ length: 5000 }, (_, at) => 1 + at * 2)), 64);
    expect(tracker.missingCount).toBe(4999n);
    expect(tracker.missing).toHaveLength(1000);
    expect(codes).toContain('E_LOG_LIMIT');
  });

  it('finds exactly the removed numbers of locally shuffled sessions', () => {
    const jitterMax = 12;
    const session = fc.record({
      length: fc.integer({ min: 40, max: 300 }),
      removed: fc.uniqueArray(fc.integer({ min: 30, max: 295 }), { maxLength: 6 }),
    });
    fc.assert(
      fc.property(
        fc.array(session, { minLength: 1, maxLength: 4 }),
        fc.array(fc.nat(jitterMax), { minLength: 20, maxLength: 60 }),
        (sessions, jitter) => {
          const expected: number[] = [];
          const records = sessions.flatMap(({ length, removed }, at) => {
            // The highest number of a session shows how far it went, so it stays.
            // A number from the end of the session before, which is missing here: nobody can know of which one it is.
            const before = sessions[at - 1]?.length ?? 0;
            const gone = removed.filter((seq) => seq < length && (seq > before || seq < before - jitterMax));
            expected.push(...gone);
            const left = range(1, length).filter((seq) => !gone.includes(seq));
            const late = new Map(left.map((seq, place) => [seq, place + (jitter[place % jitter.length] ?? 0)]));
            return of(
              left.sort((a, b) => (late.get(a) ?? 0) - (late.get(b) ?? 0)),
              at,
            );
          });
          const { tracker } = track(records);
          const found = tracker.missing.flatMap(({ seqFirst, seqLast }) => range(Number(seqFirst), Number(seqLast)));
          expect(found.sort((a, b) => a - b)).toEqual(expected.sort((a, b) => a - b));
          expect(tracker.runs).toBe(sessions.length);
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('Intervals', () => {
  it('behaves as a set of numbers', () => {
    const step = fc.record({ seq: fc.integer({ min: 0, max: 40 }), remove: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const set = new Set<number>();
        const intervals = new Intervals();
        for (const { seq, remove } of steps) {
          if (remove) {
            set.delete(seq);
            intervals.remove(seq);
          } else if (!intervals.has(seq)) {
            set.add(seq);
            intervals.add(seq, 0);
          }
        }
        for (let seq = 0; seq <= 40; seq++) expect(intervals.has(seq)).toBe(set.has(seq));
        const sorted = [...set].sort((a, b) => a - b);
        expect([intervals.first, intervals.last]).toEqual([sorted[0], sorted.at(-1)]);
        const holes = [...intervals.gaps()].flatMap(({ first, last }) => range(Number(first), Number(last)));
        expect(holes).toEqual(range(sorted[0] ?? 0, sorted.at(-1) ?? -1).filter((seq) => !set.has(seq)));
      }),
    );
  });
});

describe('numbers as text', () => {
  it('are exact around 2^53 and end at 2^64-1', () => {
    expect(parseSeq('9007199254740991')).toBe(9007199254740991);
    expect(parseSeq('9007199254740992')).toBe(9007199254740992n);
    expect(seqNext(9007199254740991)).toBe(9007199254740992n);
    expect(seqBefore(9007199254740992n)).toBe(9007199254740991);
    expect(seqCount(1, 18446744073709551615n)).toBe(18446744073709551615n);
    for (const text of ['', '-1', '01', '1.0', '1e3', '+1', ' 1', '18446744073709551616', '1'.repeat(50)]) {
      expect(parseSeq(text)).toBeUndefined();
    }
  });
});

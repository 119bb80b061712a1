import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeColumn, encodeColumn } from '../../src/cli/report/codec.ts';
import { parsePlace, placeText } from '../../src/cli/report/page/place.ts';
import { FrameCells } from '../../src/commands/report/cells.ts';
import { eventText } from '../../src/commands/report/event-text.ts';
import { Rows } from '../../src/commands/report/rows.ts';
import { clipped } from '../../src/commands/report/texts.ts';
import { type ReportLimits, type RowField, reportLimits, rowFields } from '../../src/commands/report/types.ts';
import { enqueueDefaults } from '../../src/queue/events/event-types.ts';
import type { FrameView } from '../../src/storage/types.ts';

describe('a column on its way into the page', () => {
  test('comes back as it was, whatever numbers from -1 on it holds', () => {
    const numbers = fc.array(fc.oneof(fc.maxSafeNat(), fc.nat(300), fc.constantFrom(2 ** 53 - 1, -1, 0)));
    fc.assert(
      fc.property(numbers, (values) => {
        expect([...decodeColumn(encodeColumn(values), values.length)]).toEqual(values);
      }),
    );
  });

  test('takes a byte for a number that is near the one before', () => {
    const seqs = Array.from({ length: 1000 }, (_, index) => 5000 + index * 3);
    expect(encodeColumn(seqs).length).toBeLessThan(1003);
  });
});

describe('the address of a page', () => {
  test('is read as it was written, and anything else is no harm', () => {
    const place = {
      seq: 12,
      job: '</script>&x=1#%',
      search: 'a b',
      state: 'in flight',
      sort: '-job',
      across: 'seq',
    } as const;
    expect(parsePlace(`#${placeText(place)}`)).toEqual(place);
    fc.assert(
      fc.property(fc.string(), (hash) => {
        const { seq = 0, across = 'seq' } = parsePlace(hash);
        expect(Number.isSafeInteger(seq)).toBe(true);
        expect(['seq', 'time']).toContain(across);
      }),
    );
  });
});

const noRow = Object.fromEntries(rowFields.map((field) => [field, 0])) as Record<RowField, number>;

/** Three events for each job, one job after the other. */
function fill(limits: Partial<ReportLimits>, jobs: number, idOf: (job: number) => string): Rows {
  const rows = new Rows({ ...reportLimits, ...limits });
  for (let job = 0; job < jobs; job++) {
    for (let step = 0; step < 3; step++) {
      const id = idOf(job);
      const place = rows.jobs.find(id) ?? rows.jobs.add(id, undefined, step === 0, rows.texts);
      rows.push({ ...noRow, seq: job * 3 + step + 1, job: place, text: rows.textNumber(`step ${step} of ${id}`) });
    }
  }
  rows.end();
  return rows;
}

describe('a report of more than it may hold', () => {
  test('has whole lives of some jobs, and the last events of all', () => {
    const rows = fill({ rows: 3000, tail: 301 }, 20_000, (job) => `job ${job}`);
    expect(rows.rows.length).toBeLessThanOrEqual(3000);
    expect(rows.rows.length).toBeGreaterThan(1000);
    expect(rows.rows.of.seq.slice(-301)).toEqual(Array.from({ length: 301 }, (_, index) => 59_700 + index));
    const events = new Map<number, number>();
    for (const job of rows.rows.of.job) events.set(job, (events.get(job) ?? 0) + 1);
    for (const [job, id] of rows.jobs.ids.entries()) {
      expect(events.get(job), id).toBeGreaterThan(0);
      if (rows.jobs.jobs.at('whole', job) === 1) expect(events.get(job), id).toBe(3);
    }
    const whole = rows.jobs.jobs.of.whole.filter((each) => each === 1).length;
    expect(whole).toBeGreaterThan(300);
    // Nobody's texts are mixed up on the way.
    for (let row = 0; row < rows.rows.length; row++) {
      const [seq, job, text] = [rows.rows.at('seq', row), rows.rows.at('job', row), rows.rows.at('text', row)];
      expect(rows.texts.text(text)).toBe(`step ${(seq - 1) % 3} of ${rows.jobs.ids[job]}`);
      expect(rows.jobs.ids[job]).toBe(`job ${Math.floor((seq - 1) / 3)}`);
    }
  });

  test('picks the same jobs each time, from everywhere in the log', () => {
    const seqs = (): number[] => [...fill({ rows: 2000, tail: 10 }, 10_000, (job) => `job ${job}`).rows.of.seq];
    expect(seqs()).toEqual(seqs());
    const thirds = [0, 0, 0];
    for (const seq of seqs())
      thirds[Math.floor((seq - 1) / 10_000)] = (thirds[Math.floor((seq - 1) / 10_000)] ?? 0) + 1;
    expect(Math.min(...thirds)).toBeGreaterThan(200);
  });

  test('keeps to its bytes where ids and texts are long', () => {
    const rows = fill({ textBytes: 100_000, tail: 100 }, 2000, (job) => `${job}-`.padEnd(200, 'x'));
    expect(rows.texts.bytes + rows.jobs.idBytes).toBeLessThanOrEqual(100_000);
    expect(rows.rows.length).toBeGreaterThan(50);
  });

  test('cuts a long text, and no character in two', () => {
    expect(clipped('abc', 3)).toBe('abc');
    expect(clipped('abcd', 3)).toBe('abc…');
    expect(clipped('ab\u{1f600}cd', 3)).toBe('ab…');
  });
});

function frame(offset: number, bytes: number, type: FrameView['type'], seqFirst: number, count: number): FrameView {
  const rest = { file: 'wal/1', ordinal: 1, typeByte: 1, payload: new Uint8Array(), afterHole: false };
  return { ...rest, offset, bytes, type, seqFirst, count };
}

describe('the map of frames', () => {
  test('loses neither bytes nor events when frames become one, and no place of a snapshot', () => {
    const map = new FrameCells(500);
    let [offset, seq, snapshots] = [96, 1, 0];
    for (let at = 0; at < 20_000; at++) {
      const isSnapshot = at % 2000 === 1999;
      const bytes = isSnapshot ? 88 : 64 + (at % 5) * 8;
      map.take(frame(offset, bytes, isSnapshot ? 'snapshot' : 'data', seq, isSnapshot ? 0 : 2), 0);
      if (isSnapshot) snapshots++;
      else seq += 2;
      offset += bytes;
    }
    const { cells } = map;
    expect(cells.length).toBeLessThanOrEqual(500);
    expect(cells.length).toBeGreaterThan(200);
    expect(cells.of.bytes.reduce((a, b) => a + b)).toBe(offset - 96);
    expect(cells.of.seqs.reduce((a, b) => a + b)).toBe(seq - 1);
    expect(cells.of.type.filter((type) => type === 4)).toHaveLength(snapshots);
    for (let cell = 1; cell < cells.length; cell++)
      expect(cells.at('offset', cell)).toBe(cells.at('offset', cell - 1) + cells.at('bytes', cell - 1));
    expect(map.framesMerged).toBeGreaterThan(30);
  });

  test('holds a log of nothing but openings', () => {
    const map = new FrameCells(300);
    let offset = 96;
    for (let at = 0; at < 9000; at++) {
      map.take(frame(offset, 64, (['open', 'data', 'close'] as const)[at % 3] ?? 'data', at, at % 3 === 1 ? 1 : 0), 0);
      offset += 64;
    }
    expect(map.cells.length).toBeLessThanOrEqual(300);
    expect(map.cells.of.seqs.reduce((a, b) => a + b)).toBe(3000);
  });
});

describe('the text of an event in a report', () => {
  const enqueue = {
    type: 'ENQUEUE',
    id: 'a',
    at: 5,
    ...enqueueDefaults,
    name: 'mail',
    runAt: 5,
    payload: Buffer.from('{"password":"swordfish"}'),
    command: ['login', 'swordfish'],
  } as const;

  test('holds no payload, result, command or token of a lease', () => {
    const owner = { kind: 'lease', token: 'swordfish', deadlineMs: 9 } as const;
    const texts = [
      eventText(enqueue, false),
      eventText({ type: 'ACK', id: 'a', at: 5, result: Buffer.from('"swordfish"') }, false),
      eventText({ type: 'DISPATCH', id: 'a', at: 5, attempt: 1, owner }, false),
      eventText({ type: 'DISPATCH', id: 'a', at: 5, attempt: 1, owner }, true),
    ];
    expect(texts).toEqual(['name=mail', '', 'leased', 'leased']);
  });

  test('names the schedule that it is about', () => {
    expect(eventText({ type: 'UNSCHEDULE', id: 'nightly', at: 5 }, false)).toBe('schedule=nightly');
  });

  test('holds payload and command when asked for', () => {
    expect(eventText(enqueue, true)).toBe('name=mail command=["login","swordfish"] payload={"password":"swordfish"}');
  });
});

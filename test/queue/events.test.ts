import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { clampText } from '../../src/base/clamp-text.ts';
import { WalqError } from '../../src/base/errors.ts';
import { eventDetails } from '../../src/queue/events/event-details.ts';
import { type EnqueueEvent, enqueueDefaults, type QueueEvent } from '../../src/queue/events/event-types.ts';
import {
  decodeEvent,
  decodePacked,
  encodeEvent,
  recordJobId,
  recordTime,
  recordTypeName,
} from '../../src/queue/events/events.ts';
import type { Packed } from '../../src/queue/events/packed.ts';
import { eventArbitrary } from './support/arbitrary.ts';
import { longestZeroRun } from './support/zero-run.ts';

const at = 1_764_000_000_000;
const id = '01934567-89ab-7cde-8f01-23456789abcd';
const enqueue: EnqueueEvent = { type: 'ENQUEUE', id, at, runAt: at, ...enqueueDefaults };

function bytes(text: string): Uint8Array {
  return Buffer.from(text);
}

/** Decodes, or gives the code of the refusal. Anything thrown that is no WalqError fails the test. */
function tryDecode(record: Uint8Array): QueueEvent | string {
  try {
    return decodeEvent(record);
  } catch (error) {
    if (error instanceof WalqError) return error.code;
    throw error;
  }
}

describe('codec', () => {
  test('every event reads back with all its fields, and the peeks agree', () => {
    void fc.assert(
      fc.property(eventArbitrary, (event) => {
        const record = encodeEvent(event);
        const decoded = decodeEvent(record);
        expect(plain(decoded)).toEqual(plain(event));
        expect(encodeEvent(decoded)).toEqual(record);
        expect(recordTypeName(record)).toBe(event.type);
        expect(recordJobId(record)).toBe(event.id);
        expect(recordTime(record)).toBe(event.at);
        expect(record[0]).toBeGreaterThan(0);
        expect(plain(decodePacked(record))).toEqual(plain(event));
        for (const [key, text] of eventDetails(decoded)) expect(`${key}=${text}`.length).toBeGreaterThan(2);
      }),
      { numRuns: 500 },
    );
  });

  test('the three records of a successful job take payload + 3 ids + at most 50 bytes with default options', () => {
    const payload = bytes('{"to":"a@example.org"}');
    const records = [
      encodeEvent({ ...enqueue, payload }),
      encodeEvent({ type: 'DISPATCH', id, at, attempt: 1, owner: { kind: 'runner', epoch: 2 ** 48 - 1 } }),
      encodeEvent({ type: 'ACK', id, at, durationMs: 59_000 }),
    ];
    const total = records.reduce((sum, record) => sum + record.length, 0);
    expect(total).toBeLessThanOrEqual(payload.length + 3 * id.length + 50);
  });

  test('a record with any byte changed or cut is refused, or is another event with exactly these bytes', () => {
    void fc.assert(
      fc.property(eventArbitrary, fc.integer({ min: 1, max: 255 }), (event, flip) => {
        const record = encodeEvent(event);
        for (let offset = 0; offset < record.length; offset++) {
          const broken = Uint8Array.from(record);
          broken[offset] = (broken[offset] ?? 0) ^ flip;
          for (const candidate of [broken, record.subarray(0, offset)]) {
            const decoded = tryDecode(candidate);
            if (typeof decoded === 'string') expect(['E_RECORD', 'E_RECORD_NEWER']).toContain(decoded);
            else expect(Buffer.from(encodeEvent(decoded)).equals(candidate)).toBe(true);
          }
        }
      }),
      { numRuns: 150 },
    );
  });

  test('random bytes never give anything but a refusal or an event of these bytes', () => {
    void fc.assert(
      fc.property(fc.integer({ min: 0, max: 20 }), fc.uint8Array({ maxLength: 60 }), (type, rest) => {
        const candidate = Uint8Array.of(type, ...rest);
        const decoded = tryDecode(candidate);
        if (typeof decoded === 'string') expect(['E_RECORD', 'E_RECORD_NEWER']).toContain(decoded);
        else expect(Buffer.from(encodeEvent(decoded)).equals(candidate)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  test('no record of this version has more than two zero bytes in a row', () => {
    void fc.assert(
      fc.property(eventArbitrary, (event) => {
        expect(longestZeroRun(encodeEvent({ ...event, extra: undefined }))).toBeLessThanOrEqual(2);
      }),
      { numRuns: 300 },
    );
    const record = encodeEvent({ ...enqueue, command: Array.from({ length: 1024 }, () => '') });
    expect(longestZeroRun(record)).toBeLessThanOrEqual(2);
    expect(decodeEvent(record)).toMatchObject({ command: { length: 1024 } });
  });

  test('a forged length allocates nothing and is refused', () => {
    const head = [1, 1, 0x61, 1];
    const huge = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f];
    for (const tail of [
      [2, ...huge],
      [8, ...huge],
      [8, 2, ...huge],
      [1, ...huge],
      [9, ...huge],
      [12, ...huge],
      [12, 2, ...huge],
    ]) {
      expect(tryDecode(Uint8Array.of(...head, ...tail))).toBe('E_RECORD');
    }
    expect(tryDecode(Uint8Array.of(7, 0, 1, 1, ...huge))).toBe('E_RECORD');
    expect(tryDecode(Uint8Array.of(1, ...huge))).toBe('E_RECORD');
  });

  test('a field that may be skipped is kept and written back', () => {
    const record = Uint8Array.of(5, 1, 0x61, 1, 64, 2, 0, 0, 99, 0);
    expect(encodeEvent(decodeEvent(record))).toEqual(Buffer.from(record));
  });

  test('a byte order mark and other odd characters in an id survive', () => {
    for (const odd of ['\ufeffx', 'é', 'e\u0301', '\u0007', '__proto__', '𝒳', '\ufffd']) {
      expect(decodeEvent(encodeEvent({ ...enqueue, id: odd })).id).toBe(odd);
    }
  });

  test('error text takes anything: NUL is shown, surrogates are mended, the end is cut at a character', () => {
    const error = `\0\ud800${'é'.repeat(5000)}`;
    const event = decodeEvent(encodeEvent({ type: 'DEAD', id, at, reason: 'permanent', error }));
    const text = event.type === 'DEAD' ? (event.error ?? '') : '';
    expect(text.startsWith('␀\ufffdéé')).toBe(true);
    expect(text.endsWith('é')).toBe(true);
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(8192);
    expect(Buffer.byteLength(text)).toBeGreaterThan(8188);
  });

  test('clamped text always fits and is a prefix of the mended text', () => {
    void fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', 'é', '€', '𝒳', '\ud800', '\0') }),
        fc.integer({ min: 0, max: 20 }),
        (text, max) => {
          const clamped = clampText(text, max);
          const mended = Buffer.from(text.replaceAll('\0', '␀')).toString();
          expect(Buffer.byteLength(clamped)).toBeLessThanOrEqual(max);
          expect(mended.startsWith(clamped)).toBe(true);
        },
      ),
    );
  });
});

test('details leave out defaults and show the rest as people read it', () => {
  expect(eventDetails(enqueue)).toEqual([]);
  expect(eventDetails({ ...enqueue, name: 'mail', priority: 5, timeoutMs: 90_000, payload: bytes('{"a":1}') })).toEqual(
    [
      ['name', 'mail'],
      ['priority', '5'],
      ['timeout', '1m30s'],
      ['payload', '{"a":1}'],
    ],
  );
  expect(eventDetails({ type: 'DISPATCH', id, at, attempt: 1, owner: { kind: 'runner', epoch: 0xabc } })).toEqual([
    ['attempt', '1'],
    ['runner', '000000000abc'],
  ]);
  const rule = { kind: 'cron', cron: '0 3 * * *', zone: 'Europe/Berlin' } as const;
  const template = { ...enqueueDefaults, name: 'backup' };
  expect(eventDetails({ type: 'SCHEDULE', id, at, rule, missed: 'one', template, expiresAfterMs: 60_000 })).toEqual([
    ['cron', '0 3 * * *'],
    ['zone', 'Europe/Berlin'],
    ['name', 'backup'],
    ['expires_after', '1m'],
  ]);
  expect(eventDetails({ type: 'UPDATE', id, at, priority: 0, runAt: 0, timeoutMs: 0, group: '' })).toEqual([
    ['group', ''],
    ['priority', '0'],
    ['run_at', '1970-01-01T00:00:00.000Z'],
    ['timeout', 'none'],
  ]);
  const rate = { count: 10, perMs: 1000 };
  expect(eventDetails({ type: 'LIMIT', id: '', at, group: 'g', concurrency: 0, rate })).toEqual([
    ['group', 'g'],
    ['concurrency', 'none'],
    ['rate', '10/1s'],
  ]);
  const slot = { schedule: 'nightly', at: 0 };
  expect(eventDetails({ ...enqueue, key: 'k', parents: ['a', 'b'], slot })).toEqual([
    ['key', 'k'],
    ['parents', 'a,b'],
    ['schedule', 'nightly'],
    ['slot', '1970-01-01T00:00:00.000Z'],
  ]);
  expect(eventDetails({ ...enqueue, runAt: Number.MAX_SAFE_INTEGER })).toEqual([['run_at', '9007199254740991']]);
});

/** Bytes compare by content, in either form; absent and undefined are one. */
function plain(event: QueueEvent<Packed>): unknown {
  return JSON.parse(
    JSON.stringify(event, (key, value: unknown) => {
      const isPacked = (key === 'payload' || key === 'result') && typeof value === 'string';
      return isPacked ? Buffer.from(value, 'latin1').toJSON() : value;
    }),
  );
}

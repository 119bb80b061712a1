import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { WalqError } from '../../src/base/errors.ts';
import { eventDetails } from '../../src/queue/event-details.ts';
import { type EnqueueEvent, enqueueDefaults, type QueueEvent } from '../../src/queue/event-types.ts';
import {
  decodeEvent,
  encodeEvent,
  eventNames,
  recordJobId,
  recordTime,
  recordType,
  recordTypeName,
} from '../../src/queue/events.ts';
import { clampText } from '../../src/queue/record.ts';
import { eventArbitrary } from './support/arbitrary.ts';

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

  test('no record holds 512 zero bytes in a row, even with 1024 empty arguments', () => {
    const record = encodeEvent({ ...enqueue, command: Array.from({ length: 1024 }, () => '') });
    expect(Buffer.from(record).includes(Buffer.alloc(8))).toBe(false);
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
    ]) {
      expect(tryDecode(Uint8Array.of(...head, ...tail))).toBe('E_RECORD');
    }
    expect(tryDecode(Uint8Array.of(7, 0, 1, 1, ...huge))).toBe('E_RECORD');
    expect(tryDecode(Uint8Array.of(1, ...huge))).toBe('E_RECORD');
  });

  test.each<[string, number[], string]>([
    ['type 0', [0, 1, 0x61, 1], 'E_RECORD'],
    ['a type above 127', [200, 1, 0x61, 1], 'E_RECORD'],
    ['a reserved type', [8, 1, 0x61, 1], 'E_RECORD_NEWER'],
    ['an unknown type', [100, 1, 0x61, 1], 'E_RECORD_NEWER'],
    ['nothing at all', [], 'E_RECORD'],
    ['an empty id', [1, 0, 1], 'E_RECORD'],
    ['an id on PRUNE', [7, 1, 0x61, 1, 1, 1, 2, 0x61], 'E_RECORD'],
    ['NUL in the id', [1, 1, 0, 1], 'E_RECORD'],
    ['an id that is not UTF-8', [1, 2, 0xc3, 0x28, 1], 'E_RECORD'],
    ['an overlong time', [1, 1, 0x61, 0x81, 0x00], 'E_RECORD'],
    ['trailing bytes', [5, 1, 0x61, 1, 0], 'E_RECORD'],
    ['a doubled tag', [3, 1, 0x61, 1, 1, 5, 1, 6], 'E_RECORD'],
    ['tags out of order', [2, 1, 0x61, 1, 2, 5, 1, 6], 'E_RECORD'],
    ['a default written out', [1, 1, 0x61, 1, 4, 3], 'E_RECORD'],
    ['an unknown mandatory field', [1, 1, 0x61, 1, 9, 1], 'E_RECORD_NEWER'],
    ['two owners', [2, 1, 0x61, 1, 2, 5, 3, 1, 0x62, 4, 9], 'E_RECORD'],
    ['half a lease', [2, 1, 0x61, 1, 3, 1, 0x62], 'E_RECORD'],
    ['no owner', [2, 1, 0x61, 1], 'E_RECORD'],
    ['PRUNE of nothing', [7, 0, 1], 'E_RECORD'],
    ['PRUNE with a cutoff but no state', [7, 0, 1, 2, 5], 'E_RECORD'],
  ])('%s is refused', (_, record, code) => {
    expect(tryDecode(Uint8Array.from(record))).toBe(code);
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

  test.each<[string, Partial<EnqueueEvent>, string]>([
    ['an empty id', { id: '' }, 'id'],
    ['an id of 257 bytes', { id: 'é'.repeat(129) }, 'id'],
    ['NUL in an id', { id: 'a\0' }, 'id'],
    ['half a surrogate pair in an id', { id: 'a\ud800' }, 'id'],
    ['NUL in a payload', { payload: Uint8Array.of(0x31, 0) }, 'payload'],
    ['a fraction', { timeoutMs: 1.5 }, 'timeoutMs'],
    ['a run-at before the event', { runAt: at - 1 }, 'runAt'],
    ['a priority out of range', { priority: 1_000_001 }, 'priority'],
    ['an empty command', { command: [] }, 'command'],
    ['a command with NUL', { command: ['a\0b'] }, 'command'],
    ['NaN as time', { at: Number.NaN }, 'at'],
  ])('the encoder refuses %s and names the field', (_, change, field) => {
    expect(() => encodeEvent({ ...enqueue, ...change })).toThrow(
      expect.objectContaining({ code: 'E_FIELD', exit: 2, data: { field } }),
    );
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

test('the numbers of the types are frozen', () => {
  expect(
    eventNames()
      .map((name, index) => `${index + 1} ${name}`)
      .join(', '),
  ).toBe(
    '1 ENQUEUE, 2 DISPATCH, 3 ACK, 4 RETRY, 5 TIMEOUT, 6 DEAD, 7 PRUNE, ' +
      '8 CANCEL, 9 UPDATE, 10 REMOVE, 11 EXTEND, 12 PAUSE, 13 RESUME, 14 SCHEDULE, 15 UNSCHEDULE, 16 LIMIT',
  );
  expect(recordTypeName(Uint8Array.of(99))).toBe('TYPE_99');
  expect(recordType(new Uint8Array())).toBe(0);
});

test('the bytes of each event are frozen', () => {
  const hex = (event: QueueEvent): string => Buffer.from(encodeEvent(event)).toString('hex');
  const base = { id: 'j', at: 1000 };
  expect(
    hex({
      ...enqueue,
      ...base,
      runAt: 1005,
      payload: bytes('{}'),
      name: 'n',
      priority: -2,
      maxAttempts: 9,
      timeoutMs: 300,
      backoff: 'none',
      command: ['a', ''],
    }),
  ).toBe('01016ae80701016e02027b7d03030409050506ac0207046e6f6e650802026101');
  expect(hex({ type: 'DISPATCH', ...base, attempt: 2, owner: { kind: 'runner', epoch: 200 }, deadlineMs: 1003 })).toBe(
    '02016ae807010202c8010503',
  );
  expect(hex({ type: 'DISPATCH', ...base, attempt: 1, owner: { kind: 'lease', token: 't', deadlineMs: 2000 } })).toBe(
    '02016ae80703017404d00f',
  );
  expect(hex({ type: 'ACK', ...base, durationMs: 7, result: bytes('1'), from: '8' })).toBe(
    '03016ae80701070201313f0138',
  );
  expect(
    hex({
      type: 'RETRY',
      ...base,
      runAt: 1001,
      reason: 'crash',
      error: 'e',
      exitCode: 1,
      signal: 's',
      refund: true,
      reset: true,
    }),
  ).toBe('04016ae80701010205637261736803016504010501730601'.concat('0701'));
  expect(hex({ type: 'TIMEOUT', ...base })).toBe('05016ae807');
  expect(hex({ type: 'DEAD', ...base, reason: 'attempts', error: '' })).toBe('06016ae8070300');
  expect(hex({ type: 'PRUNE', id: '', at: 0, ids: ['a', 'b'] })).toBe('07000001020261'.concat('0262'));
  expect(hex({ type: 'PRUNE', id: '', at: 0, cutoff: { seq: 5, completed: true, dead: true } })).toBe('07000002050303');
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
  expect(eventDetails({ ...enqueue, runAt: Number.MAX_SAFE_INTEGER })).toEqual([['run_at', '9007199254740991']]);
});

/** Views and buffers compare by content, absent and undefined are one. */
function plain(event: QueueEvent): unknown {
  return JSON.parse(
    JSON.stringify(event, (_, value: unknown) =>
      value instanceof Uint8Array ? { hex: Buffer.from(value).toString('hex') } : value,
    ),
  );
}

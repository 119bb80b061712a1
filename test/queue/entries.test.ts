import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { WalqError } from '../../src/base/errors.ts';
import { enqueueDefaults } from '../../src/queue/events/event-types.ts';
import type { Job } from '../../src/queue/state/job.ts';
import { decodeEntry, type Entry, encodeJob, encodeTotals } from '../../src/queue/state/job-codec.ts';
import { sharedOptions } from '../../src/queue/state/options.ts';
import { encodeSetting } from '../../src/queue/state/setting-codec.ts';
import type { SettingEntry } from '../../src/queue/state/settings.ts';
import { noTotals } from '../../src/queue/state/totals.ts';
import { jobArbitrary, settingArbitrary } from './support/arbitrary-entries.ts';
import { longestZeroRun } from './support/zero-run.ts';

const encoded: fc.Arbitrary<Uint8Array> = fc.oneof(
  jobArbitrary.map((job) => encodeJob(job)),
  settingArbitrary.map((entry) => encodeSetting(entry)),
);

function encodeEntry(entry: Entry): Uint8Array {
  if (entry.kind === 'facts') return encodeTotals(entry.totals);
  return entry.kind === 'job' ? encodeJob(entry.job) : encodeSetting(entry.entry);
}

/** Decodes, or gives the code of the refusal. Anything thrown that is no WalqError fails the test. */
function tryDecode(bytes: Uint8Array): Entry | string {
  try {
    return decodeEntry(bytes);
  } catch (error) {
    if (error instanceof WalqError) return error.code;
    throw error;
  }
}

describe('entries of a snapshot', () => {
  test('every job reads back with all its fields', () => {
    void fc.assert(
      fc.property(jobArbitrary, (job) => {
        const bytes = encodeJob(job);
        expect(decodeEntry(bytes)).toEqual({ kind: 'job', job });
        expect(encodeEntry(decodeEntry(bytes))).toEqual(bytes);
      }),
      { numRuns: 500 },
    );
  });

  test('every setting reads back with all its fields', () => {
    void fc.assert(
      fc.property(settingArbitrary, (entry) => {
        const bytes = encodeSetting(entry);
        expect(decodeEntry(bytes)).toEqual({ kind: 'setting', entry });
        expect(encodeEntry(decodeEntry(bytes))).toEqual(bytes);
      }),
      { numRuns: 500 },
    );
  });

  test('every count of the facts reads back', () => {
    const totals = noTotals();
    Object.keys(totals).forEach((name, index) => {
      Object.assign(totals, { [name]: index + 1 });
    });
    expect(decodeEntry(encodeTotals(totals))).toEqual({ kind: 'facts', totals });
    expect(Object.keys(totals).length).toBe(13);
  });

  test('an entry with any byte changed or cut is refused, or is another one with exactly these bytes', () => {
    void fc.assert(
      fc.property(encoded, fc.integer({ min: 1, max: 255 }), (bytes, flip) => {
        for (let offset = 0; offset < bytes.length; offset++) {
          const broken = Uint8Array.from(bytes);
          broken[offset] = (broken[offset] ?? 0) ^ flip;
          for (const candidate of [broken, bytes.subarray(0, offset)]) {
            const decoded = tryDecode(candidate);
            if (typeof decoded === 'string') {
              expect(['E_RECORD', 'E_RECORD_NEWER']).toContain(decoded);
              continue;
            }
            // Fields of a later version are passed over, and come last: tags above 63.
            const own = encodeEntry(decoded);
            expect(Buffer.from(own).equals(candidate.subarray(0, own.length))).toBe(true);
            if (own.length < candidate.length) expect(candidate[own.length]).toBeGreaterThan(63);
          }
        }
      }),
      { numRuns: 150 },
    );
  });

  test('no entry has more than two zero bytes in a row', () => {
    void fc.assert(
      fc.property(encoded, (bytes) => {
        expect(longestZeroRun(bytes)).toBeLessThanOrEqual(2);
      }),
      { numRuns: 300 },
    );
  });

  test('a job without anything special says so, and all members of one that has something are spelled out', () => {
    const plain = decodeEntry(encodeJob(jobWith({})));
    expect(plain.kind === 'job' && 'special' in plain.job && plain.job.special === undefined).toBe(true);
    const decoded = decodeEntry(encodeJob(jobWith({ special: { ...nothing, key: 'k' } })));
    const special = decoded.kind === 'job' ? decoded.job.special : undefined;
    expect(Object.keys(special ?? {})).toEqual(Object.keys(nothing));
  });
});

const nothing = {
  key: undefined,
  keyUntil: undefined,
  parents: undefined,
  waitingFor: undefined,
  expiresAt: undefined,
  slot: undefined,
};

function jobWith(more: Partial<Extract<Job, { state: 'pending' }>>): Job {
  return {
    state: 'pending',
    id: 'j',
    seq: 7,
    options: { ...enqueueDefaults, command: undefined },
    payload: undefined,
    createdAt: 1000,
    from: undefined,
    attempt: 0,
    crashes: 0,
    setback: undefined,
    special: undefined,
    runAt: 1000,
    timedOut: false,
    ...more,
  };
}

test('the bytes of the entries are frozen', () => {
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
  const setting = (entry: SettingEntry): string => hex(encodeSetting(entry));
  expect(hex(encodeTotals({ ...noTotals(), skipped: 1, cancelled: 2, removed: 3 }))).toBe(
    '0100000901'.concat('0a020b03'),
  );
  expect(hex(encodeJob(jobWith({})))).toBe('02016ae8070907');
  const special = {
    key: 'k',
    keyUntil: 1005,
    parents: ['a', 'b'],
    waitingFor: ['b'],
    expiresAt: 1006,
    slot: { schedule: 's', at: 999 },
  };
  expect(hex(encodeJob(jobWith({ special, options: { ...enqueueDefaults, command: undefined, group: 'g' } })))).toBe(
    '02016ae8070907'.concat('28016b', '29ed07', '2a0202610262', '2b010262', '2c0167', '2dee07', '2ee707', '2f0173'),
  );
  expect(setting({ kind: 'limits', limits: { group: 'g', concurrency: 2, rate: { count: 10, perMs: 1000 } } })).toBe(
    '060000'.concat('010167', '0202', '030a', '04e807'),
  );
  expect(
    setting({ kind: 'limits', limits: { group: '', pendingMax: 1, payloadBytesMax: 2, keepMs: 3, keepCount: 4 } }),
  ).toBe('060000'.concat('0501', '0602', '0703', '0804'));
  expect(setting({ kind: 'pause', pause: { at: 1000, reason: 'r' } })).toBe('0700e807030172');
  expect(setting({ kind: 'pause', pause: { at: 1000, name: 'n', reason: undefined } })).toBe('0700e80701016e');
  const schedule = {
    id: 's',
    at: 1000,
    rule: { kind: 'cron', cron: '*', zone: 'Z' },
    missed: 'all',
    template: { ...enqueueDefaults, payload: '{}', group: 'g' },
    expiresAfterMs: 5,
    lastSlot: 999,
  } as const;
  expect(setting({ kind: 'schedule', schedule })).toBe(
    '080173e807'.concat('02027b7d', '0d0167', '0e05', '14012a', '16015a', '1702', '18e707'),
  );
});

describe('the reader of entries', () => {
  const job = (type: number, ...fields: number[]): number[] => [type, 1, 0x6a, 1, ...fields];
  test.each<[string, number[], string]>([
    ['nothing at all', [], 'E_RECORD'],
    ['an unknown entry', [9, 0, 0], 'E_RECORD_NEWER'],
    ['facts with an id', [1, 1, 0x61, 0], 'E_RECORD'],
    ['facts with an unknown count', [1, 0, 0, 14, 1], 'E_RECORD_NEWER'],
    ['a job without id', [2, 0, 1, 9, 1], 'E_RECORD'],
    ['a pending job that is cancelled', job(2, 9, 1, 26, 1), 'E_RECORD'],
    ['a completed job that is cancelled', job(4, 9, 1, 26, 1, 30, 1, 31, 1), 'E_RECORD'],
    ['an empty key', job(2, 9, 1, 40, 0), 'E_RECORD'],
    ['a time for no key', job(2, 9, 1, 41, 5), 'E_RECORD'],
    ['an empty list of parents', job(2, 9, 1, 42, 0), 'E_RECORD'],
    ['a parent without id', job(2, 9, 1, 43, 1, 1), 'E_RECORD'],
    ['no group spelled out', job(2, 9, 1, 44, 0), 'E_RECORD'],
    ['half a slot', job(2, 9, 1, 46, 5), 'E_RECORD'],
    ['an unknown field', job(2, 9, 1, 48, 5), 'E_RECORD_NEWER'],
    ['limits with an id', [6, 1, 0x61, 0, 3, 1, 4, 1], 'E_RECORD'],
    ['limits with a time', [6, 0, 1, 3, 1, 4, 1], 'E_RECORD'],
    ['limits of nothing', [6, 0, 0], 'E_RECORD'],
    ['a limit of 0', [6, 0, 0, 5, 0], 'E_RECORD'],
    ['a rate of 0', [6, 0, 0, 3, 0, 4, 1], 'E_RECORD'],
    ['limits of the whole queue with a concurrency', [6, 0, 0, 2, 1], 'E_RECORD'],
    ['limits that were imported', [6, 0, 0, 5, 1, 63, 1, 0x31], 'E_RECORD_NEWER'],
    ['a pause with an id', [7, 1, 0x61, 1], 'E_RECORD'],
    ['a pause of a name and a group', [7, 0, 1, 1, 1, 0x6e, 2, 1, 0x67], 'E_RECORD'],
    ['a pause that was imported', [7, 0, 1, 63, 1, 0x31], 'E_RECORD_NEWER'],
    ['a schedule without id', [8, 0, 1, 21, 5], 'E_RECORD'],
    ['a schedule without a rule', [8, 1, 0x73, 1], 'E_RECORD'],
    ['a schedule that was imported', [8, 1, 0x73, 1, 21, 5, 63, 1, 0x31], 'E_RECORD_NEWER'],
  ])('refuses %s', (_, bytes, code) => {
    expect(tryDecode(Uint8Array.from(bytes))).toBe(code);
  });

  test('passes over a field of a later version', () => {
    expect(tryDecode(Uint8Array.from([7, 0, 5, 64, 2, 0, 0]))).toMatchObject({ entry: { pause: { at: 5 } } });
  });
});

test.each<[string, () => unknown, string]>([
  ['a time for no key', () => encodeJob(jobWith({ special: { ...nothing, keyUntil: 1005 } })), 'keyUntil'],
  [
    'an empty list of awaited parents',
    () => encodeJob(jobWith({ special: { ...nothing, waitingFor: [] } })),
    'waitingFor',
  ],
  ['a limit of 0', () => encodeSetting({ kind: 'limits', limits: { group: '', keepMs: 0 } }), 'keepMs'],
  ['limits of nothing', () => encodeSetting({ kind: 'limits', limits: { group: '' } }), 'limits'],
])('the writer of entries refuses %s and names the field', (_, encode, field) => {
  expect(encode).toThrow(expect.objectContaining({ code: 'E_FIELD', data: { field } }));
});

test('equal options are one object, also when groups alternate under one name', () => {
  const options = (group: string) => sharedOptions({ ...enqueueDefaults, name: 'mail', group });
  const [none, a, b] = [options(''), options('a'), options('b')];
  expect([options(''), options('a'), options('b')]).toEqual([none, a, b]);
  expect(options('') === none && options('a') === a && options('b') === b).toBe(true);
  expect(none).not.toBe(a);
  expect(sharedOptions({ ...enqueueDefaults, name: 'mail', group: 'a', priority: 1 })).not.toBe(a);
});

import { expect, test } from 'vitest';
import { type EnqueueEvent, enqueueDefaults, type QueueEvent } from '../../src/queue/events/event-types.ts';
import { encodeEvent, eventNames, recordType, recordTypeName } from '../../src/queue/events/events.ts';

/** What a later version must still write and read. */

const enqueue: EnqueueEvent = { type: 'ENQUEUE', id: 'j', at: 1000, runAt: 1000, ...enqueueDefaults };
const bytes = (text: string): Uint8Array => Buffer.from(text);

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
  expect(
    hex({
      ...enqueue,
      ...base,
      runAt: 1000,
      key: 'k',
      keyUntil: 1005,
      parents: ['a', 'b'],
      group: 'g',
      expiresAt: 1006,
      slot: { schedule: 's', at: 999 },
    }),
  ).toBe('01016ae807'.concat('09016b', '0b05', '0c0202610262', '0d0167', '0e06', '0fe707', '100173'));
  expect(hex({ type: 'CANCEL', ...base, error: 'e' })).toBe('08016ae807030165');
  expect(
    hex({
      type: 'UPDATE',
      ...base,
      payload: bytes('1'),
      priority: 0,
      maxAttempts: 3,
      runAt: 1000,
      timeoutMs: 0,
      backoff: 'none',
      group: '',
      expiresAt: 1001,
    }),
  ).toBe('09016ae807'.concat('020131', '0300', '0403', '0500', '0600', '07046e6f6e65', '0d00', '0e01'));
  expect(hex({ type: 'REMOVE', ...base })).toBe('0a016ae807');
  expect(hex({ type: 'EXTEND', ...base, deadlineMs: 1000 })).toBe('0b016ae8070100');
  expect(hex({ type: 'PAUSE', id: '', at: 1, group: 'g', reason: 'r' })).toBe('0c0001020167030172');
  expect(hex({ type: 'RESUME', id: '', at: 1, name: 'n' })).toBe('0d000101016e');
  const rule = { kind: 'cron', cron: '*', zone: 'Z' } as const;
  const template = { ...enqueueDefaults, priority: 1, payload: bytes('1'), group: 'g' };
  expect(hex({ type: 'SCHEDULE', ...base, rule, missed: 'skip', template, expiresAfterMs: 5 })).toBe(
    '0e016ae807'.concat('020131', '0302', '0d0167', '0e05', '14012a', '16015a', '1700'),
  );
  expect(
    hex({
      type: 'SCHEDULE',
      ...base,
      rule: { kind: 'every', everyMs: 9 },
      missed: 'one',
      template: enqueueDefaults,
      expiresAfterMs: 0,
    }),
  ).toBe('0e016ae8071509');
  expect(hex({ type: 'UNSCHEDULE', ...base })).toBe('0f016ae807');
  const rate = { count: 10, perMs: 1000 };
  expect(hex({ type: 'LIMIT', id: '', at: 1, group: 'g', concurrency: 2, rate })).toBe(
    '100001'.concat('010167', '0202', '030a', '04e807'),
  );
  expect(
    hex({ type: 'LIMIT', id: '', at: 1, group: '', pendingMax: 1, payloadBytesMax: 0, keepMs: 3, keepCount: 4 }),
  ).toBe('100001'.concat('0501', '0600', '0703', '0804'));
});

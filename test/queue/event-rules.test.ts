import { describe, expect, test } from 'vitest';
import { WalqError } from '../../src/base/errors.ts';
import { type EnqueueEvent, enqueueDefaults, type QueueEvent } from '../../src/queue/events/event-types.ts';
import { decodeEvent, encodeEvent } from '../../src/queue/events/events.ts';
import type { ScheduleEvent } from '../../src/queue/events/setting-types.ts';

/** Every rule of EVENTS.md broken once: in bytes, and in a value given to the encoder. */

const at = 1_764_000_000_000;
const enqueue: EnqueueEvent = { type: 'ENQUEUE', id: 'j', at, runAt: at, ...enqueueDefaults };
const schedule: ScheduleEvent = {
  type: 'SCHEDULE',
  id: 's',
  at,
  rule: { kind: 'every', everyMs: 1000 },
  missed: 'one',
  template: enqueueDefaults,
  expiresAfterMs: 0,
};

function codeOf(record: readonly number[]): string {
  try {
    decodeEvent(Uint8Array.from(record));
  } catch (error) {
    if (error instanceof WalqError) return error.code;
    throw error;
  }
  return 'accepted';
}

/** Type, id 'a', at 1. */
const head = (type: number): number[] => [type, 1, 0x61, 1];
/** Type, no id, at 1. */
const bare = (type: number): number[] => [type, 0, 1];
const zeros = (count: number): number[] => Array.from({ length: count }, () => 0);
const letters = (count: number): number[] => Array.from({ length: count }, () => 0x61);

describe('the decoder', () => {
  test.each<[string, number[], string]>([
    ['type 0', [0, 1, 0x61, 1], 'E_RECORD'],
    ['a type above 127', head(200), 'E_RECORD'],
    ['an unknown type', head(17), 'E_RECORD_NEWER'],
    ['nothing at all', [], 'E_RECORD'],
    ['an empty id', [1, 0, 1], 'E_RECORD'],
    ['an id of 257 bytes', [1, 0x81, 2, ...letters(257), 1], 'E_RECORD'],
    ['NUL in the id', [1, 1, 0, 1], 'E_RECORD'],
    ['an id that is not UTF-8', [1, 2, 0xc3, 0x28, 1], 'E_RECORD'],
    ['an overlong time', [1, 1, 0x61, 0x81, 0x00], 'E_RECORD'],
    ['trailing bytes', [...head(5), 0], 'E_RECORD'],
    ['a doubled tag', [...head(3), 1, 5, 1, 6], 'E_RECORD'],
    ['tags out of order', [...head(2), 2, 5, 1, 6], 'E_RECORD'],
    ['a default written out', [...head(1), 4, 3], 'E_RECORD'],
    ['an unknown mandatory field', [...head(1), 10, 1], 'E_RECORD_NEWER'],
    ['a skippable field with 512 zero bytes', [...head(5), 64, 0x80, 4, ...zeros(512)], 'E_RECORD'],
    ['ENQUEUE with an empty key', [...head(1), 9, 0], 'E_RECORD'],
    ['ENQUEUE with a time for a key that is not there', [...head(1), 11, 5], 'E_RECORD'],
    ['ENQUEUE with a key held for 0 ms', [...head(1), 9, 1, 0x6b, 11, 0], 'E_RECORD'],
    ['ENQUEUE without parents in its list', [...head(1), 12, 0], 'E_RECORD'],
    ['ENQUEUE with a parent without id', [...head(1), 12, 1, 1], 'E_RECORD'],
    ['ENQUEUE with a parent of 257 bytes', [...head(1), 12, 1, 0x82, 2, ...letters(257)], 'E_RECORD'],
    ['ENQUEUE with 1001 parents', [...head(1), 12, 0xe9, 7, ...letters(2002)], 'E_RECORD'],
    ['ENQUEUE with no group spelled out', [...head(1), 13, 0], 'E_RECORD'],
    ['ENQUEUE for a slot of no schedule', [...head(1), 15, 5], 'E_RECORD'],
    ['ENQUEUE of a schedule for no slot', [...head(1), 16, 1, 0x73], 'E_RECORD'],
    ['ENQUEUE of a schedule without id', [...head(1), 15, 5, 16, 0], 'E_RECORD'],
    [
      'a time beyond 2^53-1 after the event',
      [...head(1), 14, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f],
      'E_RECORD',
    ],
    ['two owners', [...head(2), 2, 5, 3, 1, 0x62, 4, 9], 'E_RECORD'],
    ['half a lease', [...head(2), 3, 1, 0x62], 'E_RECORD'],
    ['no owner', head(2), 'E_RECORD'],
    ['an id on PRUNE', [...head(7), 1, 1, 2, 0x61], 'E_RECORD'],
    ['PRUNE of nothing', bare(7), 'E_RECORD'],
    ['PRUNE of a job without id', [...bare(7), 1, 1, 1], 'E_RECORD'],
    ['PRUNE with a cutoff but no state', [...bare(7), 2, 5], 'E_RECORD'],
    ['PRUNE of ids and by a cutoff', [...bare(7), 1, 1, 2, 0x61, 2, 5, 3, 1], 'E_RECORD'],
    ['CANCEL without id', bare(8), 'E_RECORD'],
    ['CANCEL with an unknown field', [...head(8), 1, 1], 'E_RECORD_NEWER'],
    ['UPDATE of nothing', head(9), 'E_RECORD'],
    ['UPDATE of the name', [...head(9), 1, 1, 0x6e], 'E_RECORD_NEWER'],
    ['UPDATE of the command', [...head(9), 8, 1, 2, 0x6e], 'E_RECORD_NEWER'],
    ['REMOVE with a field', [...head(10), 1, 1], 'E_RECORD_NEWER'],
    ['EXTEND without a deadline', head(11), 'E_RECORD'],
    ['an id on PAUSE', head(12), 'E_RECORD'],
    ['PAUSE of a name and a group', [...bare(12), 1, 1, 0x6e, 2, 1, 0x67], 'E_RECORD'],
    ['PAUSE of no group', [...bare(12), 2, 0], 'E_RECORD'],
    ['an id on RESUME', head(13), 'E_RECORD'],
    ['RESUME of a name and a group', [...bare(13), 1, 1, 0x6e, 2, 1, 0x67], 'E_RECORD'],
    ['RESUME with a reason', [...bare(13), 3, 1, 0x72], 'E_RECORD_NEWER'],
    ['SCHEDULE without id', [...bare(14), 21, 5], 'E_RECORD'],
    ['SCHEDULE without a rule', head(14), 'E_RECORD'],
    ['SCHEDULE with two rules', [...head(14), 20, 1, 0x2a, 21, 5], 'E_RECORD'],
    ['SCHEDULE with an empty cron expression', [...head(14), 20, 0], 'E_RECORD'],
    ['SCHEDULE every 0 ms', [...head(14), 21, 0], 'E_RECORD'],
    ['SCHEDULE with a zone but no cron expression', [...head(14), 21, 5, 22, 1, 0x5a], 'E_RECORD'],
    ['SCHEDULE with the default zone', [...head(14), 20, 1, 0x2a, 22, 3, 0x55, 0x54, 0x43], 'E_RECORD'],
    ['SCHEDULE with the default for missed slots', [...head(14), 21, 5, 23, 1], 'E_RECORD'],
    ['SCHEDULE with an unknown way for missed slots', [...head(14), 21, 5, 23, 3], 'E_RECORD'],
    ['SCHEDULE with a slot that fired', [...head(14), 21, 5, 24, 3], 'E_RECORD_NEWER'],
    ['SCHEDULE with a run-at', [...head(14), 5, 5, 21, 5], 'E_RECORD_NEWER'],
    ['UNSCHEDULE without id', bare(15), 'E_RECORD'],
    ['an id on LIMIT', [...head(16), 3, 1, 4, 1], 'E_RECORD'],
    ['LIMIT of nothing', bare(16), 'E_RECORD'],
    ['LIMIT with half a rate', [...bare(16), 3, 1], 'E_RECORD'],
    ['LIMIT with the other half', [...bare(16), 4, 1], 'E_RECORD'],
    ['LIMIT with a rate in 0 ms', [...bare(16), 3, 1, 4, 0], 'E_RECORD'],
    ['LIMIT of the concurrency of the whole queue', [...bare(16), 2, 1], 'E_RECORD'],
    ...[5, 6, 7, 8].map((tag): [string, number[], string] => [
      `LIMIT of a group with field ${tag}`,
      [...bare(16), 1, 1, 0x67, tag, 1],
      'E_RECORD',
    ]),
  ])('%s is refused', (_, record, code) => {
    expect(codeOf(record)).toBe(code);
  });

  test('511 zero bytes in a skippable field are not taken for a hole', () => {
    const record = [...head(5), 64, 0xff, 3, ...zeros(511)];
    expect([...encodeEvent(decodeEvent(Uint8Array.from(record)))]).toEqual(record);
  });

  test.each([
    ['UPDATE to the default priority and no group', [...head(9), 3, 0, 13, 0]],
    ['UPDATE to run now', [...head(9), 5, 0]],
    ['LIMIT that takes a rate away', [...bare(16), 3, 0, 4, 1]],
    ['LIMIT that takes the concurrency of a group away', [...bare(16), 1, 1, 0x67, 2, 0]],
    ['PAUSE of the whole queue', bare(12)],
    ['PAUSE of the jobs without a name', [...bare(12), 1, 0]],
    ['CANCEL without a reason', head(8)],
  ])('%s reads back as the same bytes', (_, record) => {
    expect([...encodeEvent(decodeEvent(Uint8Array.from(record)))]).toEqual(record);
  });
});

describe('the encoder', () => {
  const job = { id: 'j', at };
  const queue = { id: '', at };
  const group = { ...queue, type: 'LIMIT', group: 'g' } as const;
  test.each<[string, QueueEvent, string]>([
    ['an empty id', { ...enqueue, id: '' }, 'id'],
    ['an id of 257 bytes', { ...enqueue, id: 'é'.repeat(129) }, 'id'],
    ['NUL in an id', { ...enqueue, id: 'a\0' }, 'id'],
    ['half a surrogate pair in an id', { ...enqueue, id: 'a\ud800' }, 'id'],
    ['NUL in a payload', { ...enqueue, payload: Uint8Array.of(0x31, 0) }, 'payload'],
    ['a fraction', { ...enqueue, timeoutMs: 1.5 }, 'timeoutMs'],
    ['a run-at before the event', { ...enqueue, runAt: at - 1 }, 'runAt'],
    ['a run-at that no reader would take', { ...enqueue, runAt: 2 ** 53 }, 'runAt'],
    ['a priority out of range', { ...enqueue, priority: 1_000_001 }, 'priority'],
    ['an empty command', { ...enqueue, command: [] }, 'command'],
    ['a command with NUL', { ...enqueue, command: ['a\0b'] }, 'command'],
    ['NaN as time', { ...enqueue, at: Number.NaN }, 'at'],
    ['512 zeros in a later field', { ...enqueue, extra: [{ tag: 64, value: new Uint8Array(600) }] }, 'extra'],
    ['an empty key', { ...enqueue, key: '' }, 'key'],
    ['a key with NUL', { ...enqueue, key: 'k\0' }, 'key'],
    ['a time for no key', { ...enqueue, keyUntil: at + 5 }, 'keyUntil'],
    ['a key held until now', { ...enqueue, key: 'k', keyUntil: at }, 'keyUntil'],
    ['a list without parents', { ...enqueue, parents: [] }, 'parents'],
    ['a parent without id', { ...enqueue, parents: [''] }, 'parents'],
    ['a parent of 257 bytes', { ...enqueue, parents: ['p'.repeat(257)] }, 'parents'],
    ['1001 parents', { ...enqueue, parents: Array.from({ length: 1001 }, () => 'p') }, 'parents'],
    ['a group of 257 bytes', { ...enqueue, group: 'g'.repeat(257) }, 'group'],
    ['an expiry before the event', { ...enqueue, expiresAt: at - 1 }, 'expiresAt'],
    ['a slot of no schedule', { ...enqueue, slot: { schedule: '', at } }, 'schedule'],
    ['DISPATCH without owner', { type: 'DISPATCH', ...job, attempt: 1, owner: { kind: 'unknown' } }, 'owner'],
    ['PRUNE with an id', { type: 'PRUNE', ...job, ids: ['a'] }, 'id'],
    ['PRUNE of nothing', { type: 'PRUNE', ...queue }, 'ids'],
    ['PRUNE of no state', { type: 'PRUNE', ...queue, cutoff: { seq: 1, completed: false, dead: false } }, 'cutoff'],
    ['UPDATE of nothing', { type: 'UPDATE', ...job, priority: undefined }, 'fields'],
    ['UPDATE to run before', { type: 'UPDATE', ...job, runAt: at - 1 }, 'runAt'],
    ['EXTEND into the past', { type: 'EXTEND', ...job, deadlineMs: at - 1 }, 'deadlineMs'],
    ['PAUSE with an id', { type: 'PAUSE', ...job }, 'id'],
    ['PAUSE of a name and a group', { type: 'PAUSE', ...queue, name: 'n', group: 'g' }, 'name'],
    ['PAUSE of no group', { type: 'PAUSE', ...queue, group: '' }, 'group'],
    ['RESUME of a name and a group', { type: 'RESUME', ...queue, name: 'n', group: 'g' }, 'name'],
    ['SCHEDULE without id', { ...schedule, id: '' }, 'id'],
    ['SCHEDULE every 0 ms', { ...schedule, rule: { kind: 'every', everyMs: 0 } }, 'everyMs'],
    ['SCHEDULE without a cron expression', { ...schedule, rule: { kind: 'cron', cron: '', zone: 'UTC' } }, 'cron'],
    ['a zone of 65 bytes', { ...schedule, rule: { kind: 'cron', cron: '*', zone: 'z'.repeat(65) } }, 'zone'],
    ['UNSCHEDULE without id', { type: 'UNSCHEDULE', ...queue }, 'id'],
    ['LIMIT with an id', { ...group, id: 'j', concurrency: 1 }, 'id'],
    ['LIMIT of nothing', group, 'limits'],
    ['a rate in 0 ms', { ...group, rate: { count: 1, perMs: 0 } }, 'perMs'],
    ['a limit below 0', { ...group, concurrency: -1 }, 'concurrency'],
    ['the concurrency of the whole queue', { ...group, group: '', concurrency: 1 }, 'concurrency'],
    ['a group that keeps jobs', { ...group, keepCount: 1 }, 'keepCount'],
  ])('refuses %s and names the field', (_, event, field) => {
    expect(() => encodeEvent(event)).toThrow(expect.objectContaining({ code: 'E_FIELD', exit: 2, data: { field } }));
  });
});

import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ScheduleRule } from '../../src/queue/events/setting-types.ts';
import type { Schedule } from '../../src/queue/state/settings.ts';
import { dueSlots, madeUpMax, nextSlot, slotAfter, slotBefore } from '../../src/queue/state/slots.ts';

const at = Date.UTC(2026, 2, 1);
const template = {
  name: 'n',
  payload: undefined,
  priority: 0,
  maxAttempts: 1,
  timeoutMs: 0,
  backoff: 'none',
  command: undefined,
  group: '',
};

function scheduleOf(rule: ScheduleRule, more: Partial<Schedule> = {}): Schedule {
  return { id: 's', rule, missed: 'all', template, expiresAfterMs: 0, at, lastSlot: undefined, ...more };
}
const cron = (text: string, zone = 'UTC') => scheduleOf({ kind: 'cron', cron: text, zone });
const day = (ms: number) => new Date(ms).toISOString().slice(0, 10);

const rules = fc.constantFrom(
  cron('*/7 * * * *'),
  cron('30 2 * * *', 'Europe/Berlin'),
  cron('0 0 1 * *', 'America/New_York'),
  cron('*/20 * * * * *'),
  cron('0 9 * * MON-FRI', 'Asia/Kolkata'),
  scheduleOf({ kind: 'every', everyMs: 1000 }),
  scheduleOf({ kind: 'every', everyMs: 86_400_001 }),
);

describe('slots', () => {
  test('before and after a time are neighbours: nothing lies between them', () => {
    void fc.assert(
      fc.property(rules, fc.integer({ min: 0, max: 400 * 86_400_000 }), (schedule, offset) => {
        const now = at + 40 * 86_400_000 + offset;
        const after = slotAfter(schedule, now) ?? 0;
        const before = slotBefore(schedule, now) ?? 0;
        expect(before).toBeLessThanOrEqual(now);
        expect(after).toBeGreaterThan(now);
        expect(slotAfter(schedule, before)).toBe(after);
        expect(slotBefore(schedule, after)).toBe(after);
        expect(slotBefore(schedule, after - 1)).toBe(before);
      }),
      { numRuns: 300 },
    );
  });

  test('in the hour that clocks skip or repeat fire once a day', () => {
    const berlin = cron('30 2 * * *', 'Europe/Berlin');
    const spring = dueSlots({ ...berlin, lastSlot: Date.UTC(2026, 2, 27, 12) }, Date.UTC(2026, 2, 30, 12), 0, 10);
    expect(spring.slots.map(day)).toEqual(['2026-03-28', '2026-03-29', '2026-03-30']);
    const autumn = dueSlots({ ...berlin, lastSlot: Date.UTC(2026, 9, 23, 12) }, Date.UTC(2026, 9, 26, 12), 0, 10);
    expect(autumn.slots.map(day)).toEqual(['2026-10-24', '2026-10-25', '2026-10-26']);
  });

  test('that are due after years of one-second slots are found without walking through them', () => {
    const now = at + 10 * 365 * 86_400_000;
    for (const rule of [
      { kind: 'every', everyMs: 1000 },
      { kind: 'cron', cron: '* * * * * *', zone: 'UTC' },
    ] as const) {
      const started = performance.now();
      expect(dueSlots(scheduleOf(rule, { missed: 'one' }), now, 0, 1000)).toEqual({ slots: [now] });
      expect(dueSlots(scheduleOf(rule), now, 0, 1000).slots).toHaveLength(1000);
      expect(performance.now() - started).toBeLessThan(2000);
    }
  });

  test('that were missed are left out of what comes next', () => {
    const schedule = scheduleOf({ kind: 'every', everyMs: 1000 }, { missed: 'skip', lastSlot: at + 5000 });
    expect(dueSlots(schedule, at + 9500, at + 9200, 10)).toEqual({ slots: [] });
    expect(nextSlot(schedule, at + 9500)).toBe(at + 10_000);
    expect(dueSlots(schedule, at + 10_000, at + 9200, 10)).toEqual({ slots: [at + 10_000] });
  });

  test('that were missed by the thousand: the newest are made up for, and the others told', () => {
    for (const rule of [
      { kind: 'every', everyMs: 60_000 },
      { kind: 'cron', cron: '* * * * *', zone: 'UTC' },
    ] as const) {
      const due = (minutes: number, most = 2000) => dueSlots(scheduleOf(rule), at + minutes * 60_000 + 5, 0, most);
      expect(due(madeUpMax)).toEqual({ slots: due(madeUpMax).slots });
      expect(due(madeUpMax).slots).toHaveLength(madeUpMax);
      const { slots, leftOut } = due(madeUpMax + 3);
      expect([slots.length, slots[0], slots.at(-1)]).toEqual([madeUpMax, at + 240_000, at + (madeUpMax + 3) * 60_000]);
      expect(leftOut).toEqual({ first: at + 60_000, last: at + 180_000 });
      expect(due(madeUpMax + 3, 5)).toEqual({ slots: slots.slice(0, 5), leftOut });
    }
  });
});

test('a time of day that the change of the clocks leaves out fires once, and one that it doubles', () => {
  const berlin = cron('30 2 * * *', 'Europe/Berlin');
  const slots = (after: string, now: string) =>
    dueSlots({ ...berlin, lastSlot: Date.parse(after) }, Date.parse(now), at, 10).slots.map((ms) =>
      new Date(ms).toJSON(),
    );
  expect(slots('2027-03-27T01:30Z', '2027-03-28T12:00Z')).toEqual(['2027-03-28T01:00:00.000Z']);
  expect(slots('2027-10-30T00:30Z', '2027-10-31T12:00Z')).toEqual(['2027-10-31T00:30:00.000Z']);
});

test('of several times of day those that the change of the clocks leaves out do not fire', () => {
  const several = cron('*/30 2 * * *', 'Europe/Berlin');
  const before = Date.parse('2027-03-28T00:30Z');
  expect(new Date(slotAfter(several, before) ?? 0).toJSON()).toBe('2027-03-29T00:00:00.000Z');
});

import * as fc from 'fast-check';
import type { JobTemplate } from '../../../src/queue/events/event-base.ts';
import type { AttemptExit, Owner, Slot } from '../../../src/queue/events/event-types.ts';
import type { MissedSlots, PauseScope, Rate, ScheduleRule } from '../../../src/queue/events/setting-types.ts';

/** Generators of what events and entries are made of: at the default, at the edges and in between. */

/** Text that a record accepts: well-formed Unicode without NUL. */
export function textOf(bytesMax: number, minLength = 0): fc.Arbitrary<string> {
  return fc
    .oneof(
      fc.string({ unit: 'grapheme', minLength, maxLength: 40 }),
      fc.string({ unit: 'binary', minLength, maxLength: 20 }),
    )
    .map((text) => text.replaceAll('\0', '?'))
    .filter((text) => Buffer.byteLength(text) <= bytesMax && text.length >= minLength);
}

export function optional<T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.option(arbitrary, { nil: undefined });
}

export const idArbitrary = fc.oneof(fc.uuid({ version: 7 }), textOf(256, 1));
export const idsArbitrary = fc.array(idArbitrary, { minLength: 1, maxLength: 5 });
export const timeArbitrary = fc.oneof(
  fc.integer({ min: 0, max: 2 ** 42 }),
  fc.constantFrom(0, 127, 128, 1_764_000_000_000),
);
export const delayArbitrary = fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 2 ** 40 }));
export const positiveArbitrary = fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 2 ** 40 }));
export const payloadArbitrary: fc.Arbitrary<Uint8Array> = fc.json().map((text) => Buffer.from(text));
const nameArbitrary = fc.oneof(fc.constant('default'), textOf(256));
const groupArbitrary = fc.oneof(fc.constant(''), textOf(256));
export const errorArbitrary = optional(textOf(8192));
export const fromArbitrary = optional(fc.oneof(fc.constantFrom('1', '18446744073709551615'), textOf(64)));

export const ownerArbitrary: fc.Arbitrary<Owner> = fc.oneof(
  fc.record({ kind: fc.constant('runner' as const), epoch: fc.integer({ min: 0, max: 2 ** 48 - 1 }) }),
  fc.record({ kind: fc.constant('lease' as const), token: textOf(128), deadlineMs: timeArbitrary }),
);

export const exitFields: { [K in keyof Required<AttemptExit>]: fc.Arbitrary<AttemptExit[K]> } = {
  exitCode: optional(fc.constantFrom(0, 1, 255, 0xffff_ffff)),
  signal: optional(fc.constantFrom('SIGKILL', 'SIGTERM', '')),
};

/** Without a payload: events and entries have it in different forms. */
export const templateFields = {
  name: nameArbitrary,
  priority: fc.oneof(fc.constant(0), fc.integer({ min: -1_000_000, max: 1_000_000 })),
  maxAttempts: fc.oneof(fc.constant(3), fc.integer({ min: 0, max: 1_000_000 })),
  timeoutMs: fc.oneof(fc.constant(0), timeArbitrary),
  backoff: fc.constantFrom('exp:1s..5m*2~0.5', 'none', 'fixed:10s'),
  command: optional(fc.array(textOf(200), { minLength: 1, maxLength: 5 })),
  group: groupArbitrary,
} satisfies { [K in Exclude<keyof JobTemplate, 'payload'>]: fc.Arbitrary<JobTemplate[K]> };

export const slotArbitrary: fc.Arbitrary<Slot> = fc.record({ schedule: idArbitrary, at: timeArbitrary });

export const ruleArbitrary: fc.Arbitrary<ScheduleRule> = fc.oneof(
  fc.record({
    kind: fc.constant('cron' as const),
    cron: fc.constantFrom('0 3 * * *', '*/5 * * * * *'),
    zone: fc.constantFrom('UTC', 'Europe/Berlin', ''),
  }),
  fc.record({ kind: fc.constant('every' as const), everyMs: positiveArbitrary }),
);
export const missedArbitrary = fc.constantFrom<MissedSlots>('skip', 'one', 'all');

export const scopeArbitrary: fc.Arbitrary<PauseScope> = fc.oneof(
  fc.constant({}),
  fc.record({ name: nameArbitrary }),
  fc.record({ group: textOf(256, 1) }),
);

/** Limits of a group or of the queue, at least one. */
export function limitsArbitrary(value: fc.Arbitrary<number>): fc.Arbitrary<{
  group: string;
  concurrency?: number | undefined;
  rate?: Rate | undefined;
  pendingMax?: number | undefined;
  payloadBytesMax?: number | undefined;
  keepMs?: number | undefined;
  keepCount?: number | undefined;
}> {
  const rate = optional(fc.record({ count: value, perMs: positiveArbitrary }));
  const one = optional(value);
  return fc
    .oneof(
      fc.record({ group: textOf(256, 1), rate, concurrency: one }),
      fc.record({
        group: fc.constant(''),
        rate,
        pendingMax: one,
        payloadBytesMax: one,
        keepMs: one,
        keepCount: one,
      }),
    )
    .filter(({ group, ...limits }) => Object.values(limits).some((limit) => limit !== undefined));
}

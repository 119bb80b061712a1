import * as fc from 'fast-check';
import type { Job, Setback, Special } from '../../../src/queue/state/job.ts';
import type { SettingEntry } from '../../../src/queue/state/settings.ts';
import {
  delayArbitrary,
  errorArbitrary,
  exitFields,
  fromArbitrary,
  idArbitrary,
  idsArbitrary,
  limitsArbitrary,
  missedArbitrary,
  optional,
  ownerArbitrary,
  positiveArbitrary,
  ruleArbitrary,
  scopeArbitrary,
  slotArbitrary,
  templateFields,
  textOf,
  timeArbitrary,
} from './arbitrary-values.ts';

/** Generators of what a snapshot holds. */

const packedArbitrary = fc.constantFrom('null', '{"a":1}', '"\u00c3\u00a9"');
const reasonArbitrary = fc.oneof(fc.constantFrom('failed', 'attempts'), textOf(64));

const setbackArbitrary: fc.Arbitrary<Setback> = fc.record({
  at: timeArbitrary,
  reason: reasonArbitrary,
  error: errorArbitrary,
  ...exitFields,
});

/** Undefined when no member is there, as in the state. */
const specialArbitrary: fc.Arbitrary<Special | undefined> = fc
  .record({
    hold: optional(fc.record({ key: idArbitrary, keyUntil: optional(timeArbitrary) })),
    parents: optional(idsArbitrary),
    waitingFor: optional(idsArbitrary),
    expiresAt: optional(timeArbitrary),
    slot: optional(slotArbitrary),
  })
  .map(({ hold, ...rest }) => ({ key: hold?.key, keyUntil: hold?.keyUntil, ...rest }))
  .map((special) => (Object.values(special).every((part) => part === undefined) ? undefined : special));

const base = {
  id: idArbitrary,
  seq: timeArbitrary,
  options: fc.record(templateFields),
  payload: optional(packedArbitrary),
  createdAt: timeArbitrary,
  from: fromArbitrary,
  attempt: fc.integer({ min: 0, max: 1_000_000 }),
  crashes: delayArbitrary,
  setback: optional(setbackArbitrary),
  special: specialArbitrary,
};
const end = { endSeq: timeArbitrary, endedAt: timeArbitrary };

export const jobArbitrary: fc.Arbitrary<Job> = fc.oneof(
  fc.record({ state: fc.constant('pending' as const), ...base, runAt: timeArbitrary, timedOut: fc.boolean() }),
  fc.record({
    state: fc.constant('in_flight' as const),
    ...base,
    dispatchSeq: timeArbitrary,
    startedAt: timeArbitrary,
    owner: fc.oneof(ownerArbitrary, fc.constant({ kind: 'unknown' as const })),
    deadlineMs: optional(timeArbitrary),
    cancelledAt: optional(timeArbitrary),
  }),
  fc.record({
    state: fc.constant('completed' as const),
    ...base,
    ...end,
    startedAt: optional(timeArbitrary),
    durationMs: optional(delayArbitrary),
    result: optional(packedArbitrary),
  }),
  fc.record({
    state: fc.constant('dead' as const),
    ...base,
    ...end,
    reason: reasonArbitrary,
    error: errorArbitrary,
    ...exitFields,
  }),
);

export const settingArbitrary: fc.Arbitrary<SettingEntry> = fc.oneof(
  fc.record({ kind: fc.constant('limits' as const), limits: limitsArbitrary(positiveArbitrary) }),
  fc
    .record({ scope: scopeArbitrary, at: timeArbitrary, reason: errorArbitrary })
    .map(({ scope, ...pause }) => ({ kind: 'pause' as const, pause: { ...scope, ...pause } })),
  fc.record({
    kind: fc.constant('schedule' as const),
    schedule: fc.record({
      id: idArbitrary,
      rule: ruleArbitrary,
      missed: missedArbitrary,
      template: fc.record({ ...templateFields, payload: optional(packedArbitrary) }),
      expiresAfterMs: delayArbitrary,
      at: timeArbitrary,
      lastSlot: optional(timeArbitrary),
    }),
  }),
);

import * as fc from 'fast-check';
import type { QueueEvent } from '../../../src/queue/events/event-types.ts';
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
  payloadArbitrary,
  positiveArbitrary,
  ruleArbitrary,
  scopeArbitrary,
  slotArbitrary,
  templateFields,
  timeArbitrary,
} from './arbitrary-values.ts';

/** Generators of events: every type, every field at its default, at its edges and in between. */

const extra = fc.oneof(
  fc.constant(undefined),
  fc.constant([
    { tag: 64, value: Buffer.from('later') },
    { tag: 255, value: Buffer.alloc(0) },
  ]),
);
const common = { id: idArbitrary, at: timeArbitrary, from: fromArbitrary, extra };
const commonOfQueue = { ...common, id: fc.constant('') };

function after(at: number, delay: number | undefined): number | undefined {
  return delay === undefined ? undefined : at + delay;
}

const jobEvents = fc.oneof(
  fc
    .record({
      type: fc.constant('ENQUEUE' as const),
      ...common,
      ...templateFields,
      payload: optional(payloadArbitrary),
      runAt: delayArbitrary,
      hold: optional(fc.record({ key: idArbitrary, until: optional(positiveArbitrary) })),
      parents: optional(idsArbitrary),
      expiresAt: optional(delayArbitrary),
      slot: optional(slotArbitrary),
    })
    .map(({ hold, ...event }) => ({
      ...event,
      runAt: event.at + event.runAt,
      key: hold?.key,
      keyUntil: after(event.at, hold?.until),
      expiresAt: after(event.at, event.expiresAt),
    })),
  fc
    .record({
      type: fc.constant('DISPATCH' as const),
      ...common,
      attempt: fc.oneof(fc.constant(1), fc.integer({ min: 0, max: 1_000_000 })),
      owner: ownerArbitrary,
      deadlineMs: optional(delayArbitrary),
    })
    .map((event) => ({ ...event, deadlineMs: after(event.at, event.deadlineMs) })),
  fc.record({
    type: fc.constant('ACK' as const),
    ...common,
    durationMs: optional(delayArbitrary),
    result: optional(payloadArbitrary),
  }),
  fc
    .record({
      type: fc.constant('RETRY' as const),
      ...common,
      runAt: delayArbitrary,
      reason: fc.constantFrom('failed', 'crash', 'timeout', 'stopped', ''),
      refund: fc.boolean(),
      reset: fc.boolean(),
      error: errorArbitrary,
      ...exitFields,
    })
    .map((event) => ({ ...event, runAt: event.at + event.runAt })),
  fc.record({ type: fc.constant('TIMEOUT' as const), ...common }),
  fc.record({
    type: fc.constant('DEAD' as const),
    ...common,
    reason: fc.constantFrom('attempts', 'permanent'),
    error: errorArbitrary,
    ...exitFields,
  }),
  fc.record({ type: fc.constant('CANCEL' as const), ...common, error: errorArbitrary }),
  fc
    .record({
      base: fc.record({ type: fc.constant('UPDATE' as const), ...common }),
      changes: fc
        .record({
          payload: optional(payloadArbitrary),
          priority: optional(templateFields.priority),
          maxAttempts: optional(templateFields.maxAttempts),
          runAt: optional(delayArbitrary),
          timeoutMs: optional(templateFields.timeoutMs),
          backoff: optional(templateFields.backoff),
          group: optional(templateFields.group),
          expiresAt: optional(delayArbitrary),
        })
        .filter((changes) => Object.values(changes).some((change) => change !== undefined)),
    })
    .map(({ base, changes }) => ({
      ...base,
      ...changes,
      runAt: after(base.at, changes.runAt),
      expiresAt: after(base.at, changes.expiresAt),
    })),
  fc.record({ type: fc.constant('REMOVE' as const), ...common }),
  fc
    .record({ type: fc.constant('EXTEND' as const), ...common, deadlineMs: delayArbitrary })
    .map((event) => ({ ...event, deadlineMs: event.at + event.deadlineMs })),
);

const queueEvents = fc.oneof(
  fc.record({ type: fc.constant('PRUNE' as const), ...commonOfQueue, ids: idsArbitrary }),
  fc.record({
    type: fc.constant('PRUNE' as const),
    ...commonOfQueue,
    cutoff: fc
      .record({ seq: timeArbitrary, completed: fc.boolean(), dead: fc.boolean() })
      .filter((cutoff) => cutoff.completed || cutoff.dead),
  }),
  fc
    .record({
      type: fc.constant('PAUSE' as const),
      ...commonOfQueue,
      scope: scopeArbitrary,
      reason: errorArbitrary,
    })
    .map(({ scope, ...event }) => ({ ...event, ...scope })),
  fc
    .record({ type: fc.constant('RESUME' as const), ...commonOfQueue, scope: scopeArbitrary })
    .map(({ scope, ...event }) => ({ ...event, ...scope })),
  fc.record({
    type: fc.constant('SCHEDULE' as const),
    ...common,
    rule: ruleArbitrary,
    missed: missedArbitrary,
    template: fc.record({ ...templateFields, payload: optional(payloadArbitrary) }),
    expiresAfterMs: delayArbitrary,
  }),
  fc.record({ type: fc.constant('UNSCHEDULE' as const), ...common }),
  fc
    .record({
      base: fc.record({ type: fc.constant('LIMIT' as const), ...commonOfQueue }),
      set: limitsArbitrary(delayArbitrary),
    })
    .map(({ base, set }) => ({ ...base, ...set })),
);

export const eventArbitrary: fc.Arbitrary<QueueEvent> = fc.oneof(
  { weight: 9, arbitrary: jobEvents },
  { weight: 7, arbitrary: queueEvents },
);

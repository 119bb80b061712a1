import * as fc from 'fast-check';
import type { AttemptExit, Owner, QueueEvent } from '../../../src/queue/event-types.ts';

/** Generators of events: every field at its default, at its edges and in between. */

/** Text that a record accepts: well-formed Unicode without NUL. */
function textOf(bytesMax: number, minLength = 0): fc.Arbitrary<string> {
  return fc
    .oneof(
      fc.string({ unit: 'grapheme', minLength, maxLength: 40 }),
      fc.string({ unit: 'binary', minLength, maxLength: 20 }),
    )
    .map((text) => text.replaceAll('\0', '?'))
    .filter((text) => Buffer.byteLength(text) <= bytesMax && text.length >= minLength);
}

const idArbitrary = fc.oneof(fc.uuid({ version: 7 }), textOf(256, 1));
const timeArbitrary = fc.oneof(fc.integer({ min: 0, max: 2 ** 42 }), fc.constantFrom(0, 127, 128, 1_764_000_000_000));
const delayArbitrary = fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 2 ** 40 }));
const payloadArbitrary: fc.Arbitrary<Uint8Array> = fc.json().map((text) => Buffer.from(text));

function optional<T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.option(arbitrary, { nil: undefined });
}

const owner: fc.Arbitrary<Owner> = fc.oneof(
  fc.record({ kind: fc.constant('runner' as const), epoch: fc.integer({ min: 0, max: 2 ** 48 - 1 }) }),
  fc.record({ kind: fc.constant('lease' as const), token: textOf(128), deadlineMs: timeArbitrary }),
);
const from = optional(fc.oneof(fc.constantFrom('1', '18446744073709551615'), textOf(64)));
const extra = fc.oneof(
  fc.constant(undefined),
  fc.constant([
    { tag: 64, value: Buffer.from('later') },
    { tag: 255, value: Buffer.alloc(0) },
  ]),
);
const common = { id: idArbitrary, at: timeArbitrary, from, extra };
const exit: { [K in keyof Required<AttemptExit>]: fc.Arbitrary<AttemptExit[K]> } = {
  exitCode: optional(fc.constantFrom(0, 1, 255, 0xffff_ffff)),
  signal: optional(fc.constantFrom('SIGKILL', 'SIGTERM', '')),
};
const error = optional(textOf(8192));

export const eventArbitrary: fc.Arbitrary<QueueEvent> = fc.oneof(
  fc
    .record({
      type: fc.constant('ENQUEUE' as const),
      ...common,
      name: fc.oneof(fc.constant('default'), textOf(256)),
      payload: optional(payloadArbitrary),
      priority: fc.oneof(fc.constant(0), fc.integer({ min: -1_000_000, max: 1_000_000 })),
      maxAttempts: fc.oneof(fc.constant(3), fc.integer({ min: 0, max: 1_000_000 })),
      runAt: delayArbitrary,
      timeoutMs: fc.oneof(fc.constant(0), timeArbitrary),
      backoff: fc.constantFrom('exp:1s..5m*2~0.5', 'none', 'fixed:10s'),
      command: optional(fc.array(textOf(200), { minLength: 1, maxLength: 5 })),
    })
    .map((event) => ({ ...event, runAt: event.at + event.runAt })),
  fc
    .record({
      type: fc.constant('DISPATCH' as const),
      ...common,
      attempt: fc.oneof(fc.constant(1), fc.integer({ min: 0, max: 1_000_000 })),
      owner,
      deadlineMs: optional(delayArbitrary),
    })
    .map((event) => ({
      ...event,
      deadlineMs: event.deadlineMs === undefined ? undefined : event.at + event.deadlineMs,
    })),
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
      error,
      ...exit,
    })
    .map((event) => ({ ...event, runAt: event.at + event.runAt })),
  fc.record({ type: fc.constant('TIMEOUT' as const), ...common }),
  fc.record({
    type: fc.constant('DEAD' as const),
    ...common,
    reason: fc.constantFrom('attempts', 'permanent'),
    error,
    ...exit,
  }),
  fc.record({
    type: fc.constant('PRUNE' as const),
    ...common,
    id: fc.constant(''),
    ids: fc.array(idArbitrary, { minLength: 1, maxLength: 5 }),
  }),
  fc.record({
    type: fc.constant('PRUNE' as const),
    ...common,
    id: fc.constant(''),
    cutoff: fc
      .record({ seq: timeArbitrary, completed: fc.boolean(), dead: fc.boolean() })
      .filter((cutoff) => cutoff.completed || cutoff.dead),
  }),
);

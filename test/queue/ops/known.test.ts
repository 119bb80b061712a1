import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { enqueueDefaults, type QueueEvent } from '../../../src/queue/events/event-types.ts';
import { decodePacked, encodeEvent } from '../../../src/queue/events/events.ts';
import type { Packed } from '../../../src/queue/events/packed.ts';
import { knownEvents } from '../../../src/queue/ops/known.ts';
import { enqueueEvent } from '../../../src/queue/ops/spec.ts';
import { QueueMachine } from '../../../src/queue/state/machine.ts';
import type { PackedRecords } from '../../../src/storage/wal/records.ts';
import { eventArbitrary } from '../support/arbitrary.ts';
import { bench, FakeLog } from '../support/fake-log.ts';
import { at, dispatch, enqueue, hashOf } from '../support/machines.ts';

/** As the queue packs what is given to it. */
function packed(event: QueueEvent): QueueEvent<Packed> {
  return event.type === 'ENQUEUE' && event.payload !== undefined
    ? { ...event, payload: Buffer.from(event.payload).toString('latin1') }
    : event;
}

describe('an event that need not be read back', () => {
  test('reads back as the same, whatever is in it', () => {
    let met = 0;
    void fc.assert(
      fc.property(eventArbitrary, (given) => {
        const event = packed(given);
        if (knownEvents([event]) === undefined) return;
        met++;
        expect(decodePacked(encodeEvent(event))).toEqual(event);
      }),
      { numRuns: 2000 },
    );
    expect(met).toBeGreaterThan(50);
  });

  test('leaves the same jobs and the same state', () => {
    const spec = fc.record(
      {
        name: fc.constantFrom('default', 'mail'),
        payload: fc.json().map((text) => JSON.stringify(JSON.parse(text))),
        priority: fc.integer({ min: -3, max: 3 }),
        attempts: fc.integer({ min: 1, max: 9 }),
        timeoutMs: fc.nat(1000),
        delayMs: fc.nat(1000),
        group: fc.constantFrom('', 'g'),
        expireMs: fc.integer({ min: 1, max: 1000 }),
      },
      { requiredKeys: [] },
    );
    void fc.assert(
      fc.property(spec, fc.nat(3), (given, steps) => {
        const events: QueueEvent<Packed>[] = [
          enqueueEvent(given, 'j', at, { payloadBytesMax: 100_000 }),
          { type: 'DISPATCH', id: 'j', at: at + 1, attempt: 1, owner: { kind: 'lease', token: 't', deadlineMs: at } },
          { type: 'ACK', id: 'j', at: at + 2, durationMs: 1 },
        ];
        const live = new QueueMachine();
        const read = new QueueMachine();
        for (const [index, event] of events.slice(0, 1 + steps).entries()) {
          for (const known of knownEvents([event]) ?? []) live.applyKnown(known, index + 1);
          read.apply(encodeEvent(event), index + 1);
          expect(told(live)).toEqual(told(read));
          expect(hashOf(live)).toBe(hashOf(read));
        }
      }),
    );
  });

  test.each<[string, QueueEvent<Packed>]>([
    ['a command, which is somebody else’s list', enqueue('a', { command: ['ls'] })],
    ['parents', enqueue('a', { parents: ['b'] })],
    ['a key', enqueue('a', { key: 'k' })],
    ['a payload that is no text', enqueue('a', { payload: Buffer.from('1') })],
    ['a large payload', { ...enqueue('a'), payload: 'x'.repeat(5000) } as QueueEvent<Packed>],
    ['a result, which may be a part of much output', { type: 'ACK', id: 'a', at, result: '1' }],
    ['an error, of which bytes may be replaced', { type: 'DEAD', id: 'a', at, reason: 'failed', error: '\ud800' }],
    ['an end of a wait', { type: 'TIMEOUT', id: 'a', at }],
  ])('is none with %s', (_, event) => {
    expect(knownEvents([dispatch('a'), event])).toBeUndefined();
    expect(knownEvents([dispatch('a')])).toHaveLength(1);
  });

  test('has an id of our own: one that is given is read back', async () => {
    const log = new FakeLog();
    const seen: (string | undefined)[] = [];
    const { append } = log;
    log.append = ((records: PackedRecords, outcome: never, known?: readonly unknown[]) => {
      for (let at = 0; at < records.count; at++) seen.push((known?.[at] as QueueEvent | undefined)?.type);
      return append.call(log, records, outcome, known);
    }) as typeof log.append;
    const engine = bench({}, log).engine;
    await engine.enqueue({ payload: '1' });
    await engine.enqueueMany([{}, {}]);
    await engine.enqueue({ id: 'given' });
    await engine.enqueueMany([{ id: 'other' }, {}]);
    expect(seen).toEqual(['ENQUEUE', 'ENQUEUE', 'ENQUEUE', undefined, undefined, undefined]);
    await engine.stop();
  });
});

test('a list that is changed after it was given changes no job', async () => {
  const log = new FakeLog();
  const engine = bench({}, log).engine;
  const command = ['echo', 'a'];
  const after: string[] = [];
  const first = await engine.enqueue({});
  after.push(first.id);
  const answer = engine.enqueue({ command, after });
  command[1] = 'b';
  after[0] = 'nobody';
  const { id } = await answer;
  const job = log.machine.get(id);
  expect(job?.options.command).toEqual(['echo', 'a']);
  expect(job?.special?.parents).toEqual([first.id]);
  expect(job?.options.name).toBe(enqueueDefaults.name);
  await engine.stop();
});

function told(machine: QueueMachine): unknown {
  return [...machine.jobs()].map((job) => ({
    ...job,
    state: job.state,
    runAt: 'runAt' in job ? job.runAt : undefined,
    createdAt: job.createdAt,
    attempt: job.attempt,
    special: job.special,
  }));
}

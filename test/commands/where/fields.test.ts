import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { rowJson, rowOfLost, rowOfRecord } from '../../../src/commands/event-row.ts';
import { jobDocument, rowOfJob } from '../../../src/commands/job-row.ts';
import { JsonText, stringify } from '../../../src/commands/json-text.ts';
import { compileWhere } from '../../../src/commands/where/compile.ts';
import { EventView, eventFields, foreignFields } from '../../../src/commands/where/event-fields.ts';
import { type FieldTable, type FieldValue, nameIn } from '../../../src/commands/where/fields.ts';
import { jobFields, storedJobFields } from '../../../src/commands/where/job-fields.ts';
import { statusFields, totalFields } from '../../../src/commands/where/total-fields.ts';
import type { QueueEvent } from '../../../src/queue/events/event-types.ts';
import { encodeEvent } from '../../../src/queue/events/events.ts';
import { phaseKinds } from '../../../src/queue/state/phase.ts';
import { eventArbitrary } from '../../queue/support/arbitrary.ts';
import { jobArbitrary } from '../../queue/support/arbitrary-entries.ts';
import { at, dead, dispatch, enqueue, machineOf, retry } from '../../queue/support/machines.ts';

function viewOf(event: QueueEvent): EventView {
  return new EventView(rowOfRecord({ seq: 5, bytes: encodeEvent(event), file: 'f', offset: 9, afterHole: true }));
}

/** A field as JSON would have it. */
function jsonOf(value: FieldValue | undefined): unknown {
  return value instanceof JsonText ? JSON.parse(value.text) : value;
}

function holdsFor(event: QueueEvent, text: string): boolean {
  return compileWhere(eventFields, { flag: '--where', text }, at).holds(viewOf(event));
}

describe('fields of an event', () => {
  test('are all members of its JSON form, by those names too, with the same values', () => {
    void fc.assert(
      fc.property(eventArbitrary, (event) => {
        const view = viewOf(event);
        for (const [key, value] of Object.entries(JSON.parse(rowJson(view.row)))) {
          const name = nameIn(eventFields, key);
          expect(name, `${event.type} has ${key}`).toBeDefined();
          expect(jsonOf(eventFields[name ?? '']?.of(view)), `${event.type}.${key}`).toEqual(value);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('go by the names of its text form', () => {
    // Put together from several fields.
    const others = /^(jobs|states|rate|field\d+)$/;
    void fc.assert(
      fc.property(eventArbitrary, (event) => {
        for (const [name] of viewOf(event).row.words()) {
          if (!others.test(name)) expect(nameIn(eventFields, name), `${event.type} has ${name}`).toBeDefined();
        }
      }),
      { numRuns: 500 },
    );
  });

  test('have the values that go without saying', () => {
    expect(holdsFor(enqueue('a'), 'priority = 0 and run_at = time and not exists group and not exists timeout')).toBe(
      true,
    );
    expect(holdsFor(retry('a'), 'not refund and not reset and exists reset')).toBe(true);
    expect(holdsFor(dispatch('a'), 'exists priority or exists refund or exists run_at')).toBe(false);
    expect(holdsFor(dead('a'), 'type = dead and job = a and bytes > 0 and after_hole and attempt != 1')).toBe(false);
  });

  test('tell a schedule from a job of the same name', () => {
    const unschedule = { type: 'UNSCHEDULE', id: 'nightly', at } as const;
    expect(holdsFor(unschedule, 'schedule = nightly and not exists job')).toBe(true);
    expect(holdsFor(enqueue('nightly'), 'job = nightly and not exists schedule')).toBe(true);
  });

  test('of lost events are their first and last number', () => {
    const frame = { file: 'f', ordinal: 1, offset: 9, bytes: 64, type: 'lost', typeByte: 4 } as const;
    const view = new EventView(
      rowOfLost({ ...frame, seqFirst: 3, count: 4, payload: new Uint8Array(), afterHole: false }),
    );
    const { holds } = compileWhere(eventFields, { flag: '--where', text: 'type = LOST and to = 6 and events = 4' }, at);
    expect(holds(view)).toBe(true);
  });

  test('of a record that cannot be decoded are what can be read of it', () => {
    const bytes = encodeEvent(enqueue('a')).slice(0, -1);
    const view = new EventView(rowOfRecord({ seq: 5, bytes, file: 'f', offset: 9, afterHole: false }));
    const { holds } = compileWhere(eventFields, { flag: '--where', text: 'type = ENQUEUE and exists undecoded' }, at);
    expect(holds(view)).toBe(true);
  });
});

describe('fields of a job', () => {
  test('are all members of its JSON form, by those names too, with the same values', () => {
    // An object each; what is in them has fields of its own.
    const others = new Set(['setback', 'owner']);
    void fc.assert(
      fc.property(jobArbitrary, (job) => {
        for (const [key, value] of Object.entries(JSON.parse(stringify(jobDocument(rowOfJob(job)))))) {
          if (others.has(key)) continue;
          const isKept = key !== 'waitingFor';
          const table: FieldTable<never> = isKept ? storedJobFields : jobFields;
          const name = nameIn(table, key);
          expect(name, key).toBeDefined();
          if (!isKept || job.state === 'in_flight') continue;
          expect(jsonOf(storedJobFields[name ?? '']?.of(job)), `${job.state} ${key}`).toEqual(value);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('tell how it stands now: phase, age, wait, took', () => {
    const machine = machineOf(
      enqueue('a'),
      enqueue('b', { runAt: at + 60_000 }),
      enqueue('c'),
      dispatch('c'),
      enqueue('d', { payload: Buffer.from('{"to":"ä"}') }),
      dispatch('d'),
      retry('d', { runAt: at + 5000, reason: 'failed', exitCode: 75, error: 'busy' }),
    );
    const phases = { now: at + 10_000, settings: machine.settings, runner: undefined };
    const those = (text: string): string => {
      const { holds } = compileWhere(jobFields, { flag: '--where', text }, phases.now);
      return [...machine.jobs()].flatMap((job) => (holds({ job, phases }) ? job.id : [])).join('');
    };
    expect(those('phase = ready')).toBe('ad');
    expect(those('phase = scheduled and wait = 0')).toBe('b');
    expect(those('phase in (orphaned, no_handler) and took = 10s')).toBe('c');
    expect(those('age = 10s')).toBe('abcd');
    expect(those('wait = 10s')).toBe('a');
    expect(those('wait >= 5s and exit = 75 and error contains busy and reason = failed')).toBe('d');
    expect(those('payload.to = ä and bytes = 11')).toBe('d');
    expect(those('created >= 10s ago')).toBe('abcd');
    expect(those('created > 10s ago')).toBe('');
  });
});

test('fields of a queue count each phase that is no state', () => {
  const states = ['pending', 'in_flight', 'completed', 'dead'];
  for (const kind of phaseKinds) {
    const name = kind.replace('-', '_');
    expect(Object.hasOwn(statusFields, name), name).toBe(true);
    if (!states.includes(name)) expect(Object.hasOwn(totalFields, name)).toBe(false);
  }
});

test.each([
  ['events', eventFields],
  ['events of other logs', foreignFields],
  ['jobs', jobFields],
  ['a queue', statusFields],
])('no name of a field of %s means two things, and each field says what it is', (_, table: FieldTable<never>) => {
  const names = Object.entries(table).flatMap(([name, { also = [] }]) => [
    name,
    ...also.filter((other) => other !== name),
  ]);
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  for (const name of names) expect(name).toMatch(/^[a-zA-Z_.]+$/);
  for (const { about, words = [] } of Object.values(table)) {
    expect(about).not.toBe('');
    for (const word of words) expect(word).toMatch(/^[A-Za-z_-]+$/);
  }
});

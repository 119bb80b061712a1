import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { enqueueDefaults, type QueueEvent } from '../../src/queue/events/event-types.ts';
import { encodeEvent } from '../../src/queue/events/events.ts';
import { type Job, type JobState, jobStates } from '../../src/queue/state/job.ts';
import { allLanes } from '../../src/queue/state/lane.ts';
import { QueueMachine } from '../../src/queue/state/machine.ts';
import { readySince } from '../../src/queue/state/ready-ages.ts';
import { eventArbitrary } from './support/arbitrary.ts';
import { at, dispatch, enqueue, hashOf, machineOf, reload } from './support/machines.ts';

/** Random events that mostly fit: ids from a small set, the attempt as the machine expects it. */
const stepArbitrary = fc.record({
  id: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
  kind: fc.constantFrom('ENQUEUE', 'DISPATCH', 'ACK', 'RETRY', 'TIMEOUT', 'DEAD', 'PRUNE', 'CUTOFF'),
  priority: fc.integer({ min: -2, max: 2 }),
  delay: fc.constantFrom(0, 0, 5, 1000),
  flags: fc.integer({ min: 0, max: 7 }),
  foreign: fc.boolean(),
});
type Step = typeof stepArbitrary extends fc.Arbitrary<infer T> ? T : never;

function eventOf(step: Step, seq: number, attempt: number): QueueEvent {
  const { id, priority, flags } = step;
  const from = step.foreign ? String(seq) : undefined;
  const time = at + seq;
  switch (step.kind) {
    case 'ENQUEUE':
      return {
        ...enqueueDefaults,
        type: 'ENQUEUE',
        id,
        at: time,
        runAt: time + step.delay,
        priority,
        payload: Buffer.from(`{"seq":${seq}}`),
        from,
      };
    case 'DISPATCH':
      return { type: 'DISPATCH', id, at: time, attempt, owner: { kind: 'lease', token: 't', deadlineMs: time }, from };
    case 'ACK':
      return { type: 'ACK', id, at: time, durationMs: flags, result: flags > 3 ? Buffer.from('[1]') : undefined, from };
    case 'RETRY':
      return {
        type: 'RETRY',
        id,
        at: time,
        runAt: time + step.delay,
        reason: flags > 3 ? 'crash' : 'failed',
        refund: flags % 2 === 0,
        reset: flags === 7,
        error: 'é',
        from,
      };
    case 'TIMEOUT':
      return { type: 'TIMEOUT', id, at: time, from };
    case 'DEAD':
      return { type: 'DEAD', id, at: time, reason: 'permanent', exitCode: flags, from };
    case 'PRUNE':
      return { type: 'PRUNE', id: '', at: time, ids: [id], from };
    default:
      return {
        type: 'PRUNE',
        id: '',
        at: time,
        cutoff: { seq: Math.max(0, seq - 4), completed: flags % 2 === 0, dead: flags % 2 === 1 },
        from,
      };
  }
}

/** Applies what fits; gives the machine and the records that went into it. */
function run(steps: readonly Step[], indexed: boolean): { machine: QueueMachine; log: Uint8Array[] } {
  const machine = new QueueMachine();
  if (indexed) expect(machine.ready.nextDueAt()).toBeUndefined();
  // Asked once, it is kept up to date by every event.
  if (indexed) expect(machine.ready.oldest(0)).toBeUndefined();
  if (indexed) expect([...machine.inFlight()]).toEqual([]);
  const log: Uint8Array[] = [];
  for (const step of steps) {
    const record = encodeEvent(eventOf(step, log.length + 1, (machine.get(step.id)?.attempt ?? 0) + 1));
    const before = hashOf(machine);
    try {
      machine.apply(record, log.length + 1);
      log.push(record);
    } catch (error) {
      expect(error).toMatchObject({ code: 'E_APPLY' });
      expect(hashOf(machine)).toBe(before);
    }
  }
  return { machine, log };
}

describe('properties', () => {
  test('the fold of the log is the live state; a snapshot at any point plus the rest gives it too', () => {
    void fc.assert(
      fc.property(fc.array(stepArbitrary, { maxLength: 60 }), fc.nat(), (steps, cutAt) => {
        const { machine, log } = run(steps, true);
        const fold = new QueueMachine();
        const point = log.length === 0 ? 0 : cutAt % log.length;
        let resumed = reload(fold);
        log.forEach((record, index) => {
          if (index === point) resumed = reload(fold);
          fold.apply(record, index + 1);
          if (index >= point) resumed.apply(record, index + 1);
        });
        expect(hashOf(fold)).toBe(hashOf(machine));
        expect(hashOf(resumed)).toBe(hashOf(machine));
        expect(hashOf(reload(machine))).toBe(hashOf(machine));
        expect(resumed.counts).toEqual(machine.counts);
        expect(resumed.list()).toEqual(machine.list());
      }),
      { numRuns: 300 },
    );
  });

  test('counts, order, ready index and jobs in flight always agree with the jobs themselves', () => {
    void fc.assert(
      fc.property(fc.array(stepArbitrary, { maxLength: 60 }), fc.nat({ max: 100 }), (steps, late) => {
        const { machine } = run(steps, true);
        const jobs = machine.list();
        for (const state of jobStates)
          expect(machine.counts[state]).toBe(jobs.filter((job) => job.state === state).length);
        expect(jobs.map((job) => job.seq)).toEqual(jobs.map((job) => job.seq).sort((a, b) => a - b));
        expect([...machine.inFlight()].map((job) => job.id).sort()).toEqual(idsOf(jobs, 'in_flight'));
        const now = at + late;
        const due = jobs
          .filter(
            (job) => job.state === 'pending' && (job.runAt <= now || job.runAt <= (job.setback?.at ?? job.createdAt)),
          )
          .sort((a, b) => b.options.priority - a.options.priority || a.seq - b.seq);
        expect(machine.ready.delayedCount(now)).toBe(machine.counts.pending - due.length);
        const oldest = due.map((job) => (job.state === 'pending' ? readySince(job) : 0)).sort((a, b) => a - b)[0];
        const told = machine.ready.oldest(now);
        expect(told && readySince(told)).toBe(oldest);
        for (const copy of [machine, reload(machine)]) {
          const taken: Job[] = [];
          for (
            let job = copy.ready.take(now, { lanes: allLanes });
            job;
            job = copy.ready.take(now, { lanes: allLanes })
          )
            taken.push(job);
          expect(taken.map((job) => job.id)).toEqual(due.map((job) => job.id));
        }
      }),
      { numRuns: 300 },
    );
  });

  test('a cut stays what it was while the state goes on', () => {
    const machine = machineOf(enqueue('a'), enqueue('b'));
    const cut = machine.cut();
    const before = hashOf(machine);
    machine.apply(encodeEvent(dispatch('a')), 3);
    machine.apply(encodeEvent(enqueue('c')), 4);
    const hash = createHash('sha256');
    for (const entry of cut) hash.update(`${entry.length}:`).update(entry);
    expect(hash.digest('hex')).toBe(before);
    expect(hashOf(machine)).not.toBe(before);
  });

  test('no event of any content makes apply throw anything but its own codes', () => {
    void fc.assert(
      fc.property(fc.array(eventArbitrary, { maxLength: 30 }), (events) => {
        const machine = new QueueMachine();
        events.forEach((event, index) => {
          try {
            machine.apply(encodeEvent(event), index + 1);
          } catch (error) {
            expect(error).toMatchObject({ code: 'E_APPLY' });
          }
        });
        expect(hashOf(reload(machine))).toBe(hashOf(machine));
      }),
    );
  });

  test('a snapshot entry with any byte changed or cut is refused, or is another entry with exactly these bytes', () => {
    void fc.assert(
      fc.property(fc.array(stepArbitrary, { maxLength: 25 }), fc.integer({ min: 1, max: 255 }), (steps, flip) => {
        for (const entry of run(steps, false).machine.cut()) {
          for (let offset = 0; offset < entry.length; offset++) {
            const broken = Uint8Array.from(entry);
            broken[offset] = (broken[offset] ?? 0) ^ flip;
            for (const candidate of [broken, entry.subarray(0, offset)]) expectRefusedOrSame(candidate);
          }
        }
      }),
      { numRuns: 40 },
    );
  });

  test('jobs in a snapshot that repeat or are out of order are refused', () => {
    const entries = [...machineOf(enqueue('a'), enqueue('b')).cut()];
    const [facts, a, b] = entries;
    if (!facts || !a || !b) throw new Error('three entries expected');
    for (const order of [
      [facts, b, a],
      [facts, a, a],
      [a, facts],
    ]) {
      const machine = new QueueMachine();
      expect(() => loadAll(machine, order)).toThrow(expect.objectContaining({ code: 'E_APPLY' }));
    }
  });
});

function loadAll(machine: QueueMachine, entries: readonly Uint8Array[]): void {
  for (const entry of entries) machine.load(entry);
}

function idsOf(jobs: readonly Job[], state: JobState): string[] {
  return jobs
    .filter((job) => job.state === state)
    .map((job) => job.id)
    .sort();
}

function expectRefusedOrSame(candidate: Uint8Array): void {
  const machine = new QueueMachine();
  try {
    machine.load(candidate);
  } catch (error) {
    expect(error).toMatchObject({ code: expect.stringMatching(/^E_(RECORD|RECORD_NEWER|APPLY)$/) });
    return;
  }
  // A skippable field of a newer version stands at the end and is dropped; everything else must come back byte for
  // byte.
  const same = [...machine.cut()].some(
    (entry) =>
      Buffer.from(entry).equals(candidate.subarray(0, entry.length)) &&
      (candidate.length === entry.length || (candidate[entry.length] ?? 0) >= 64),
  );
  expect(same).toBe(true);
}

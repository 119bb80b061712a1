import { describe, expect, test } from 'vitest';
import type { QueueEvent } from '../../src/queue/events/event-types.ts';
import { encodeEvent } from '../../src/queue/events/events.ts';
import { type JobState, payloadText } from '../../src/queue/state/job.ts';
import { QueueMachine } from '../../src/queue/state/machine.ts';
import {
  ack,
  at,
  dead,
  dispatch,
  enqueue,
  hashOf,
  machineOf,
  prune,
  reload,
  retry,
  timeout,
} from './support/machines.ts';

/** The way into each state, for job 'j'. */
const pathTo: Record<JobState | 'none' | 'timed out', QueueEvent[]> = {
  none: [],
  pending: [enqueue('j')],
  in_flight: [enqueue('j'), dispatch('j')],
  'timed out': [enqueue('j'), dispatch('j'), timeout('j')],
  completed: [enqueue('j'), dispatch('j'), ack('j')],
  dead: [enqueue('j'), dispatch('j'), dead('j')],
};

const table: [QueueEvent, Partial<Record<keyof typeof pathTo, JobState | 'gone'>>][] = [
  [enqueue('j'), { none: 'pending' }],
  [dispatch('j', 1), { pending: 'in_flight' }],
  [dispatch('j', 2), { 'timed out': 'in_flight' }],
  [ack('j'), { in_flight: 'completed' }],
  [retry('j'), { in_flight: 'pending', 'timed out': 'pending', dead: 'pending' }],
  [timeout('j'), { in_flight: 'pending' }],
  [dead('j'), { pending: 'dead', in_flight: 'dead', 'timed out': 'dead' }],
  [prune(['j']), { completed: 'gone', dead: 'gone' }],
];

describe('transitions', () => {
  for (const [event, allowed] of table) {
    for (const [from, path] of Object.entries(pathTo)) {
      const to = Object.entries(allowed).find(([state]) => state === from)?.[1];
      const attempt = event.type === 'DISPATCH' ? ` (attempt ${event.attempt})` : '';
      test(`${event.type}${attempt} of a job that is ${from}: ${to ?? 'refused, and nothing changes'}`, () => {
        const machine = machineOf(...path);
        const before = hashOf(machine);
        const apply = (): void => machine.apply(encodeEvent(event), path.length + 1);
        if (to === undefined) {
          expect(apply).toThrow(expect.objectContaining({ code: 'E_APPLY', exit: 3 }));
          expect(hashOf(machine)).toBe(before);
        } else {
          apply();
          expect(machine.get('j')?.state ?? 'gone').toBe(to);
        }
      });
    }
  }

  test('the same event imported is skipped and counted where ours is refused', () => {
    for (const [event, allowed] of table) {
      for (const [from, path] of Object.entries(pathTo)) {
        if (Object.keys(allowed).includes(from)) continue;
        const machine = machineOf(...path);
        const jobs = JSON.stringify([...machine.jobs()]);
        machine.apply(encodeEvent({ ...event, from: '99' }), path.length + 1);
        // What imports are believed beyond our own events: ACK without DISPATCH, and attempts that the foreign log does
        // not number.
        const believed =
          (event.type === 'ACK' && (from === 'pending' || from === 'timed out')) ||
          (event.type === 'DISPATCH' && (from === 'pending' || from === 'timed out'));
        if (believed) expect(machine.totals.skipped).toBe(0);
        else {
          expect(machine.totals.skipped).toBe(1);
          expect(JSON.stringify([...machine.jobs()])).toBe(jobs);
        }
      }
    }
  });

  test('an imported RETRY does not bring a dead job back', () => {
    const machine = machineOf(...pathTo.dead, { ...retry('j'), from: '9' });
    expect(machine.get('j')?.state).toBe('dead');
    expect(machine.totals.skipped).toBe(1);
  });

  test('attempts count at DISPATCH, a refund gives one back, a reset all, a crash is counted apart', () => {
    const steps: [QueueEvent, number, number][] = [
      [enqueue('j'), 0, 0],
      [dispatch('j', 1), 1, 0],
      [retry('j'), 1, 0],
      [dispatch('j', 2), 2, 0],
      [retry('j', { reason: 'crash', refund: true }), 1, 1],
      [dispatch('j', 2), 2, 1],
      [dead('j'), 2, 1],
      [retry('j', { reason: 'redrive', reset: true }), 0, 0],
    ];
    const machine = new QueueMachine();
    steps.forEach(([event, attempt, crashes], index) => {
      machine.apply(encodeEvent(event), index + 1);
      expect(machine.get('j')).toMatchObject({ attempt, crashes });
    });
    expect(machine.totals).toMatchObject({ enqueued: 1, dispatched: 3, retried: 3, crashed: 1, dead: 1 });
  });

  test('a job keeps its payload, byte for byte, through all its life and a snapshot', () => {
    for (const text of ['{"n":9007199254740993,"x":1e400}', '"é€𝒳"', '[]', `"${'x'.repeat(100_000)}"`]) {
      const machine = machineOf(enqueue('j', { payload: Buffer.from(text) }), dispatch('j'), ack('j'));
      for (const copy of [machine, reload(machine)]) {
        const job = copy.get('j');
        expect(job && payloadText(job)).toBe(text);
      }
    }
  });

  test('a record buffer that is reused afterwards does not reach into the state', () => {
    const machine = new QueueMachine();
    for (const size of [10, 100_000]) {
      const record = encodeEvent(enqueue(`j${size}`, { payload: Buffer.from(`"${'x'.repeat(size)}"`) }));
      machine.apply(record, size);
      record.fill(0x41);
      const job = machine.get(`j${size}`);
      expect(job && payloadText(job)).toBe(`"${'x'.repeat(size)}"`);
    }
  });
});

describe('PRUNE', () => {
  const three = [enqueue('a'), enqueue('b'), enqueue('c'), dispatch('a'), dispatch('b'), ack('b'), dead('a')];

  test('a cutoff takes the jobs of the given states that ended at or before it', () => {
    const cut = (seq: number, completed: boolean, deadToo: boolean): string[] => {
      const machine = machineOf(...three, { type: 'PRUNE', id: '', at, cutoff: { seq, completed, dead: deadToo } });
      return [...machine.jobs()].map((job) => job.id);
    };
    expect(cut(5, true, true)).toEqual(['a', 'b', 'c']);
    expect(cut(6, true, true)).toEqual(['a', 'c']);
    expect(cut(7, true, false)).toEqual(['a', 'c']);
    expect(cut(7, false, true)).toEqual(['b', 'c']);
    expect(cut(7, true, true)).toEqual(['c']);
  });

  test('a list with one job that is not finished prunes nothing', () => {
    const machine = machineOf(...three);
    expect(() => machine.apply(encodeEvent(prune(['b', 'c'])), 8)).toThrow(/job c is pending/);
    expect(machine.size).toBe(3);
    machine.apply(encodeEvent(prune(['b', 'b', 'a'])), 8);
    expect(machine.size).toBe(1);
    expect(machine.totals.pruned).toBe(2);
  });

  test('the id of a pruned job is free again, and the new job stands at the end', () => {
    const machine = machineOf(...three, prune(['a', 'b']), enqueue('a'));
    expect([...machine.jobs()].map((job) => job.id)).toEqual(['c', 'a']);
    expect(hashOf(reload(machine))).toBe(hashOf(machine));
  });
});

test('a snapshot with a job twice, or with jobs not in the order of ENQUEUE, is refused', () => {
  const entryOf = (id: string, seq: number): Uint8Array => {
    const machine = new QueueMachine();
    machine.apply(encodeEvent(enqueue(id)), seq);
    const [, job] = machine.cut();
    if (job === undefined) throw new Error('facts, then the job');
    return job;
  };
  const load = (...entries: Uint8Array[]) => {
    const machine = new QueueMachine();
    for (const entry of entries) machine.load(entry);
  };
  const refusal = expect.objectContaining({ code: 'E_APPLY' });
  load(entryOf('a', 1), entryOf('b', 2));
  expect(() => load(entryOf('a', 1), entryOf('a', 2))).toThrow(refusal);
  expect(() => load(entryOf('a', 2), entryOf('b', 1))).toThrow(refusal);
  expect(() => load(entryOf('a', 2), entryOf('b', 2))).toThrow(refusal);
});

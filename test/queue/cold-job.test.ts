import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { WalqError } from '../../src/base/errors.ts';
import { enqueueDefaults, type QueueEvent } from '../../src/queue/events/event-types.ts';
import { encodeEvent } from '../../src/queue/events/events.ts';
import { ColdJob } from '../../src/queue/state/cold-job.ts';
import type { Job } from '../../src/queue/state/job.ts';
import { encodeJob } from '../../src/queue/state/job-codec.ts';
import { allLanes } from '../../src/queue/state/lane.ts';
import { QueueMachine } from '../../src/queue/state/machine.ts';
import { jobArbitrary } from './support/arbitrary-entries.ts';
import { fresh } from './support/fresh.ts';
import { at, dispatch, hashOf, retry } from './support/machines.ts';

/** A state whose jobs were kept as bytes beside one that read them all: nobody can tell them apart. */

/** Before that many there is no table, and jobs are read as they come. */
const readCount = 2100;

const filler = Array.from({ length: readCount }, (_, n) => encodeJob(fresh(`filler-${n}`, n + 1, {}, `{"n":${n}}`)));

interface Loaded {
  machine: QueueMachine;
  /** Of the entry that was refused. */
  refused: string | undefined;
}

function loaded(entries: readonly Uint8Array[], load: (machine: QueueMachine, entry: Uint8Array) => void): Loaded {
  const machine = new QueueMachine();
  for (const [place, entry] of entries.entries()) {
    try {
      load(machine, entry);
    } catch (error) {
      if (!(error instanceof WalqError)) throw error;
      return { machine, refused: `${place} ${error.code} ${error.message}` };
    }
  }
  return { machine, refused: undefined };
}

const read = (entries: readonly Uint8Array[]): Loaded => loaded(entries, (machine, entry) => machine.load(entry));

/** As they come out of a snapshot: in one stretch of bytes, with others before and behind. */
function kept(entries: readonly Uint8Array[]): Loaded {
  const bytes = Buffer.concat(entries.flatMap((entry) => [Buffer.alloc(4), entry]));
  let from = 0;
  return loaded(entries, (machine, entry) => {
    from += 4;
    machine.loadStretch(bytes, from, from + entry.length);
    // Whose bytes they are may use them anew.
    bytes.fill(0xff, from, from + entry.length);
    from += entry.length;
  });
}

function coldOf(machine: QueueMachine): number {
  return machine.list().filter((job) => job instanceof ColdJob).length;
}

function said(job: Job | undefined): unknown {
  if (job?.state !== 'pending') return job;
  const { id, seq, options, payload, createdAt, runAt, attempt, crashes, from, setback, special, timedOut } = job;
  return { id, seq, options, payload, createdAt, runAt, attempt, crashes, from, setback, special, timedOut };
}

/** In the order in which a worker gets them. */
function taken(machine: QueueMachine): string[] {
  const ids: string[] = [];
  for (;;) {
    const job = machine.ready.take(Number.MAX_SAFE_INTEGER, { lanes: allLanes });
    if (job === undefined) return ids;
    ids.push(job.id);
  }
}

const optionsArbitrary = fc.record({
  name: fc.constantFrom(enqueueDefaults.name, 'mail', 'é'),
  priority: fc.constantFrom(0, 5, -1),
  maxAttempts: fc.constantFrom(3, 1),
  timeoutMs: fc.constantFrom(0, 30_000),
  backoff: fc.constantFrom(enqueueDefaults.backoff, 'none'),
  group: fc.constantFrom('', 'g'),
});
const payloads = [
  undefined,
  '',
  'null',
  '{"a":1}',
  '"\u00c3\u00a9"',
  `"${'x'.repeat(200)}"`,
  `"${'y'.repeat(20_000)}"`,
];
const freshArbitrary = fc
  .record({
    id: fc.oneof(fc.uuid(), fc.constantFrom('a', 'filler-7', 'é', 'x'.repeat(127), 'x'.repeat(128))),
    options: optionsArbitrary,
    payload: fc.constantFrom(...payloads),
    createdAt: fc.constantFrom(0, at, at + 1, 2 ** 49 - 1, 2 ** 49, Number.MAX_SAFE_INTEGER),
  })
  .map(
    ({ id, options, payload, createdAt }) =>
      (seq: number) =>
        fresh(id, seq, options, payload, createdAt),
  );
const oddArbitrary = jobArbitrary.map(
  (job) =>
    (seq: number): Job => ({ ...job, seq }),
);
const tailArbitrary = fc.array(fc.oneof({ weight: 4, arbitrary: freshArbitrary }, oddArbitrary), { maxLength: 12 });

test('what is kept as bytes says of itself what it says when it is read', () => {
  let cold = 0;
  void fc.assert(
    fc.property(tailArbitrary, fc.constantFrom(1, 1, 1, 2 ** 31, -1), (tail, step) => {
      const entries = [...filler, ...tail.map((make, n) => encodeJob(make(Math.max(1, readCount + 1 + n * step))))];
      const one = read(entries);
      const other = kept(entries);
      cold += coldOf(other.machine);
      expect(other.refused).toBe(one.refused);
      expect(other.machine.counts).toEqual(one.machine.counts);
      expect(hashOf(other.machine)).toBe(hashOf(one.machine));
      const before = one.machine.list().slice(readCount - 5);
      expect(
        other.machine
          .list()
          .slice(readCount - 5)
          .map(said),
      ).toEqual(before.map(said));
      for (const { id } of before) expect(said(other.machine.get(id))).toEqual(said(one.machine.get(id)));
      expect(taken(other.machine)).toEqual(taken(one.machine));
    }),
    { numRuns: 60 },
  );
  expect(cold).toBeGreaterThan(60);
});

test('a byte that is another one is refused, or believed, as when the entry is read', () => {
  const lengths = fc.integer({ min: -3, max: 3 });
  const changes = fc.array(fc.record({ place: fc.nat(), to: fc.integer({ min: 0, max: 255 }) }), { maxLength: 2 });
  void fc.assert(
    fc.property(freshArbitrary, changes, lengths, (make, change, more) => {
      // The first two teach the form; the third is the one that is changed.
      const good = [1, 2, 3].map((n) => encodeJob({ ...make(readCount + n), id: `job-${n}` }));
      const last = Buffer.concat([good[2] ?? Buffer.alloc(0), Buffer.alloc(3, 9)]);
      const bad = last.subarray(0, Math.max(1, last.length - 3 + more));
      for (const { place, to } of change) bad[place % bad.length] = to;
      const entries = [...filler, ...good.slice(0, 2), bad];
      const one = read(entries);
      const other = kept(entries);
      expect(other.refused).toBe(one.refused);
      expect(hashOf(other.machine)).toBe(hashOf(one.machine));
    }),
    { numRuns: 300 },
  );
});

test('each byte of a plain entry, as each other one', () => {
  const entry = encodeJob(fresh('job-3', readCount + 3, { name: 'mail', group: 'g', maxAttempts: 1 }, '{"a":1}'));
  const taught = fresh('job-1', readCount + 1, { name: 'mail', group: 'g', maxAttempts: 1 }, '{"a":2}');
  const before = [...filler, encodeJob(taught)];
  const outcome = (load: () => void, machine: QueueMachine): unknown => {
    const { size } = machine;
    try {
      load();
    } catch (error) {
      return error instanceof WalqError ? error.message : error;
    }
    const last = machine.list().at(-1);
    if (machine.size > size && last !== undefined) {
      const seen = said(last);
      machine.apply(encodeEvent({ type: 'REMOVE', id: last.id, at }), 1);
      return seen;
    }
    return undefined;
  };
  let agreed = 0;
  for (let place = 0; place < entry.length; place++) {
    const machines = { read: read(before).machine, kept: kept(before).machine };
    for (let to = 0; to < 256; to++) {
      const bytes = Buffer.from(entry);
      bytes[place] = to;
      const one = outcome(() => machines.read.load(bytes), machines.read);
      const other = outcome(() => machines.kept.loadStretch(bytes, 0, bytes.length), machines.kept);
      expect(other, `byte ${place} as ${to}`).toEqual(one);
      agreed++;
    }
  }
  expect(agreed).toBe(entry.length * 256);
});

test('a job kept as bytes is found by its id, and refused where it is damaged, twice there or out of order', () => {
  const next = readCount + 1;
  for (let length = 1; length <= 40; length++) {
    const id = 'i'.repeat(length);
    const { machine } = kept([...filler, encodeJob(fresh(id, next))]);
    expect(machine.list().at(-1)).toBeInstanceOf(ColdJob);
    expect(said(machine.get(id))).toEqual(said(fresh(id, next)));
  }
  const good = encodeJob(fresh('i', next, {}, '{"a":1}'));
  const changed = (change: (bytes: number[]) => void): Uint8Array => {
    const bytes = [...good];
    change(bytes);
    return Uint8Array.from(bytes);
  };
  const refusal = (entry: Uint8Array): string | undefined => kept([...filler, entry]).refused?.replace(/^\d+ /, '');
  const cannot = 'E_RECORD record cannot be read:';
  expect(refusal(good)).toBeUndefined();
  expect(refusal(changed((bytes) => bytes.fill(0, -6, -5)))).toBe(`${cannot} field 2: NUL in text`);
  // The last byte is that of the seq, behind the time stands the first field.
  const long = (bytes: number[], at: number) => bytes.splice(at, 1, (bytes.at(at) ?? 0) | 0x80, 0);
  const notShort = 'integer is not in its shortest form';
  expect(refusal(changed((bytes) => long(bytes, -1)))).toBe(`${cannot} field 9: ${notShort}`);
  expect(refusal(changed((bytes) => long(bytes, bytes.indexOf(2, 3) - 1)))).toBe(`${cannot} ${notShort}`);
  const misplaced = 'E_APPLY snapshot entry does not fit: job out of order or twice';
  for (const id of ['filler-7', 'filler-2090']) expect(refusal(encodeJob(fresh(id, next)))).toBe(misplaced);
  for (const seq of [1, readCount]) expect(refusal(encodeJob(fresh('i', seq)))).toBe(misplaced);
});

test('a payload may be as long as when it is read, and no longer', () => {
  const next = readCount + 1;
  const entryOf = (length: number): Uint8Array => {
    // By hand: no writer of ours makes one that is too long.
    const [head, tail] = [encodeJob(fresh('i', next, {}, 'x')), Buffer.alloc(length, 'x')];
    const at = Buffer.from(head).indexOf(Buffer.from([2, 1, 'x'.charCodeAt(0)]));
    const size: number[] = [];
    let rest = length;
    for (; rest >= 0x80; rest >>= 7) size.push((rest & 0x7f) | 0x80);
    return Buffer.concat([head.subarray(0, at + 1), Buffer.from([...size, rest]), tail, head.subarray(at + 3)]);
  };
  for (const length of [16 * 1024 * 1024, 16 * 1024 * 1024 + 1]) {
    const entries = [...filler, entryOf(length)];
    const [one, other] = [read(entries), kept(entries)];
    expect(one.refused === undefined).toBe(length === 16 * 1024 * 1024);
    expect(other.refused).toBe(one.refused);
    expect(other.machine.counts).toEqual(one.machine.counts);
  }
});

test('of many kinds of jobs all are kept, of too many the rest is read', () => {
  const many = (kinds: number, each: number): Uint8Array[] =>
    Array.from({ length: kinds * each }, (_, n) =>
      encodeJob(fresh(`many-${n}`, readCount + 1 + n, { name: `n${n % kinds}`, group: 'g' }, `{"n":${n}}`)),
    );
  const some = [...filler, ...many(300, 10)];
  const all = kept(some);
  expect(hashOf(all.machine)).toBe(hashOf(read(some).machine));
  // The first of each kind is read.
  expect(coldOf(all.machine)).toBe(readCount - 2048 + 300 * 9);
  const tooMany = [...filler, ...many(9000, 2)];
  const few = kept(tooMany);
  expect(hashOf(few.machine)).toBe(hashOf(read(tooMany).machine));
  // Beside the kind of those before.
  expect(coldOf(few.machine)).toBe(readCount - 2048 + 8192 - 1);
});

test('jobs kept as bytes live as others do', () => {
  const tail = Array.from({ length: 50 }, (_, n) => encodeJob(fresh(`t${n}`, readCount + 1 + n, {}, `{"t":${n}}`)));
  const entries = [...filler, ...tail];
  const steps = fc.array(
    fc.record({ n: fc.nat(49), kind: fc.constantFrom('begin', 'ack', 'retry', 'cancel', 'remove', 'update', 'again') }),
    { maxLength: 60 },
  );
  const eventOf = (id: string, kind: string): QueueEvent => {
    if (kind === 'begin') return dispatch(id);
    if (kind === 'ack') return { type: 'ACK', id, at, durationMs: 1 };
    if (kind === 'retry') return retry(id);
    if (kind === 'cancel') return { type: 'CANCEL', id, at };
    if (kind === 'remove') return { type: 'REMOVE', id, at };
    if (kind === 'update') return { type: 'UPDATE', id, at, priority: 7 };
    return { ...enqueueDefaults, type: 'ENQUEUE', id, at, runAt: at };
  };
  void fc.assert(
    fc.property(steps, fc.boolean(), (script, asked) => {
      const machines = [read(entries).machine, kept(entries).machine];
      expect(machines.map(coldOf)).toEqual([0, entries.length - 2048]);
      if (asked) for (const { ready } of machines) ready.delayedCount(at);
      for (const [place, { n, kind }] of script.entries()) {
        const refusals = machines.map((machine) => {
          try {
            machine.apply(encodeEvent(eventOf(`t${n}`, kind)), readCount + 100 + place);
            return undefined;
          } catch (error) {
            return error instanceof WalqError ? error.message : error;
          }
        });
        expect(refusals[1]).toEqual(refusals[0]);
      }
      const [one, other] = machines.map((machine) => ({ hash: hashOf(machine), ids: taken(machine) }));
      expect(other).toEqual(one);
    }),
    { numRuns: 60 },
  );
});

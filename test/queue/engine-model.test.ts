import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { ioError, WalqError } from '../../src/base/errors.ts';
import type { QueueEvent } from '../../src/queue/event-types.ts';
import { decodeEvent } from '../../src/queue/events.ts';
import type { InFlightJob } from '../../src/queue/job.ts';
import { QueueMachine } from '../../src/queue/machine.ts';
import { type Bench, bench, FakeLog, noSpace, settle } from './support/fake-log.ts';

/**
 * Random operations, many under way at once, batches that fail, and restarts at any moment; against the simplest model
 * there is: the list of what was answered. Acknowledged must be a part of what the log holds, and the log must always
 * apply.
 */
const operation = fc.oneof(
  fc.record({
    kind: fc.constant('enqueue' as const),
    id: fc.constantFrom('a', 'b', 'c', 'd'),
    attempts: fc.integer({ min: 1, max: 3 }),
    delayMs: fc.constantFrom(0, 0, 500),
  }),
  fc.record({
    kind: fc.constant('many' as const),
    ids: fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), { maxLength: 4 }),
  }),
  fc.record({
    kind: fc.constantFrom(
      'dispatch' as const,
      'reclaim' as const,
      'prune' as const,
      'commit' as const,
      'tick' as const,
    ),
  }),
  fc.record({
    kind: fc.constantFrom('ack' as const, 'fail' as const, 'timeout' as const, 'giveBack' as const),
    pick: fc.nat({ max: 20 }),
  }),
  fc.record({ kind: fc.constant('redrive' as const), id: fc.constantFrom('a', 'b', 'c') }),
  fc.record({ kind: fc.constant('disk' as const), poison: fc.boolean() }),
  fc.record({ kind: fc.constant('restart' as const) }),
);
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

/** Failures an operation may meet in this test. */
const expected = new Set([
  'E_ATTEMPT_OVER',
  'E_NO_SPACE',
  'E_DURABILITY_UNKNOWN',
  'E_POISONED',
  'E_JOB_STATE',
  'E_JOB_UNKNOWN',
]);

class Model {
  b: Bench;
  epoch = 1;
  /** Every attempt ever handed out, current or not. */
  attempts: InFlightJob[] = [];
  /** What was answered as done, by seq: the log must hold exactly this there. */
  answered = new Map<number, string>();
  underWay: Promise<unknown>[] = [];

  constructor() {
    this.b = this.open(new FakeLog(1));
  }

  open(log: FakeLog): Bench {
    log.manual = true;
    return bench({ crashesMax: 2 }, log);
  }

  /** Starts an operation and notes its answer, or that it failed in a way that may happen. */
  start<T>(running: Promise<T>, note: (answer: T) => void): void {
    const watched = running.then(note, (error: unknown) => {
      expect(error).toBeInstanceOf(WalqError);
      expect(expected).toContain(error instanceof WalqError ? error.code : '');
    });
    this.underWay.push(watched);
  }

  noted(seq: number, what: string): void {
    expect(this.answered.get(seq)).toBeUndefined();
    this.answered.set(seq, what);
  }

  step(op: Operation): void {
    const { engine, log, clock } = this.b;
    const attempt = 'pick' in op ? this.attempts[op.pick % Math.max(1, this.attempts.length)] : undefined;
    switch (op.kind) {
      case 'enqueue':
        this.start(
          engine.enqueue({ id: op.id, attempts: op.attempts, delayMs: op.delayMs, backoff: 'none' }),
          (answer) => {
            if (answer.status === 'enqueued') this.noted(answer.seq, `ENQUEUE ${op.id}`);
          },
        );
        return;
      case 'many':
        this.start(engine.enqueueMany(op.ids.map((id) => ({ id }))), (answers) => {
          for (const { id, seq, status } of answers) if (status === 'enqueued') this.noted(seq, `ENQUEUE ${id}`);
        });
        return;
      case 'dispatch':
        this.start(engine.dispatch(), (job) => {
          if (job === undefined) return;
          this.noted(job.dispatchSeq, `DISPATCH ${job.id}`);
          this.attempts.push(job);
        });
        return;
      case 'ack':
        if (attempt) this.start(engine.ack(attempt), ({ seq }) => this.noted(seq, `ACK ${attempt.id}`));
        return;
      case 'fail':
      case 'timeout':
        if (attempt) {
          this.start(engine[op.kind](attempt), ({ verdict, seq }) =>
            this.noted(seq, `${verdict === 'dead' ? 'DEAD' : 'RETRY'} ${attempt.id}`),
          );
        }
        return;
      case 'giveBack':
        if (attempt)
          this.start(engine.giveBack(attempt, { reason: 'stopped' }), ({ seq }) =>
            this.noted(seq, `RETRY ${attempt.id}`),
          );
        return;
      case 'redrive':
        this.start(engine.redrive(op.id), ({ seq }) => this.noted(seq, `RETRY ${op.id}`));
        return;
      case 'reclaim':
        this.start(engine.reclaim(), () => undefined);
        return;
      case 'prune':
        this.start(engine.prune({ keep: 1, states: ['completed', 'dead'] }), () => undefined);
        return;
      case 'commit':
        log.commit();
        return;
      case 'tick':
        clock.advance(1000);
        return;
      case 'disk':
        log.failNext.push(op.poison ? ioError('E_DURABILITY_UNKNOWN', 'sync failed') : noSpace());
        return;
      case 'restart':
        this.restart();
    }
  }

  /** The process dies with operations under way; a new one opens what the log holds. */
  restart(): void {
    const log = new FakeLog(++this.epoch);
    this.b.log.records.forEach((record, index) => {
      log.records.push(record);
      log.machine.apply(record, index + 1);
    });
    this.underWay = [];
    this.b = this.open(log);
  }

  check(): void {
    const { records, machine } = this.b.log;
    for (const [seq, what] of this.answered) {
      const record = records[seq - 1];
      const event: QueueEvent | undefined = record && decodeEvent(record);
      expect(event && `${event.type} ${event.id}`).toBe(what);
    }
    const replayed = new QueueMachine();
    records.forEach((record, index) => {
      replayed.apply(record, index + 1);
    });
    expect(replayed.list()).toEqual(machine.list());
    expect(machine.totals.skipped).toBe(0);
  }
}

test('whatever is under way, fails or dies: what was answered is in the log, and the log applies', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(operation, { maxLength: 50 }),
      fc.array(fc.boolean(), { minLength: 50, maxLength: 50 }),
      async (operations, pauses) => {
        const model = new Model();
        for (const [index, op] of operations.entries()) {
          model.step(op);
          if (pauses[index]) await settle();
        }
        // Let everything that is still under way come to an end.
        model.b.log.failNext = [];
        const stopping = model.b.engine.stop();
        for (let round = 0; round < 60; round++) {
          model.b.log.commit();
          model.b.clock.advance(1000);
          await settle();
        }
        await Promise.all(model.underWay);
        await stopping;
        model.check();
        // Nothing stayed held or lost: every job that is due can still be dispatched, unless the disk is gone.
        await settle();
        model.restart();
        const { engine, log } = model.b;
        log.manual = false;
        await engine.reclaim();
        model.b.clock.advance(10_000_000);
        const due = log.machine.counts.pending;
        const jobs = await Promise.all(Array.from({ length: due + 1 }, () => engine.dispatch()));
        expect(jobs.filter((job) => job !== undefined)).toHaveLength(due);
      },
    ),
    { numRuns: 200 },
  );
});

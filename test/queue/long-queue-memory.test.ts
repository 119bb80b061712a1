import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { encodeEvent } from '../../src/queue/events/events.ts';
import { allLanes } from '../../src/queue/state/lane.ts';
import { QueueMachine } from '../../src/queue/state/machine.ts';
import { ack, at, dispatch, enqueue } from './support/machines.ts';

setFlagsFromString('--expose-gc');
const collect: () => void = runInNewContext('gc');

/** Bytes in buffers, of all that lives: the machine among it, which is asked for its size afterwards. */
function held(long: Long): number {
  for (let n = 0; n < 5; n++) collect();
  const { arrayBuffers } = process.memoryUsage();
  expect(long.machine.size).toBeGreaterThanOrEqual(0);
  return arrayBuffers;
}

const payload = Buffer.alloc(300, 'x');

class Long {
  readonly machine = new QueueMachine(0);
  #seq = 0;

  enqueue(id: string, group: string): void {
    this.machine.apply(encodeEvent(enqueue(id, { payload, group })), ++this.#seq);
  }
  remove(id: string): void {
    this.machine.apply(encodeEvent({ type: 'REMOVE', id, at }), ++this.#seq);
  }
  pause(group: string): void {
    this.machine.apply(encodeEvent({ type: 'PAUSE', id: '', at, group }), ++this.#seq);
  }
  /** All that may run, to their end. */
  run(): void {
    const next = (): string | undefined => this.machine.ready.take(Number.MAX_SAFE_INTEGER, { lanes: allLanes })?.id;
    for (let id = next(); id !== undefined; id = next()) {
      this.machine.apply(encodeEvent(dispatch(id)), ++this.#seq);
      this.machine.apply(encodeEvent(ack(id)), ++this.#seq);
      this.remove(id);
    }
  }
}

/** In an order that has nothing to do with theirs; `count` has no factor in common with the step. */
function* mixed(count: number): Iterable<number> {
  for (let n = 0; n < count; n++) yield (n * 7919) % count;
}

test.each([
  ['run', false],
  ['run', true],
  ['removed', false],
  ['removed', true],
])('a queue that was long keeps nothing of those that have gone: %s, asked before %s', (how, asked) => {
  const long = new Long();
  const before = held(long);
  for (let round = 0; round < 4; round++) {
    if (asked) long.machine.ready.delayedCount(at);
    for (let n = 0; n < 20_011; n++) long.enqueue(`${n}`, `g${n % 2}`);
    if (how === 'run') long.run();
    else for (const n of mixed(20_011)) long.remove(`${n}`);
    expect(long.machine.size).toBe(0);
    // One round has seven megabytes.
    expect(held(long) - before).toBeLessThan(1_000_000);
  }
});

test('those that are left move together, and are what they were', () => {
  const long = new Long();
  const before = held(long);
  for (let n = 0; n < 40_009; n++) long.enqueue(`${n}`, '');
  const stays = (n: number): boolean => n % 100 === 7;
  for (const n of mixed(40_009)) if (!stays(n)) long.remove(`${n}`);
  expect(held(long) - before).toBeLessThan(1_000_000);
  const left = Array.from({ length: 40_009 }, (_, n) => n).filter(stays);
  expect(long.machine.list().map(({ id }) => id)).toEqual(left.map(String));
  const taken = left.map(() => long.machine.ready.take(at, { lanes: allLanes }));
  expect(taken.map((job) => job?.id)).toEqual(left.map(String));
  expect(taken.every((job) => job?.payload === payload.toString())).toBe(true);
});

test('a job that may not run keeps nothing of those that run around it', () => {
  const long = new Long();
  long.pause('held');
  for (let n = 0; n < 2100; n++) long.enqueue(`filler-${n}`, 'held');
  const before = held(long);
  for (let round = 0; round < 300; round++) {
    for (const name of ['held', ...Array<string>(200).fill('quick')]) {
      long.enqueue(`${name}-${long.machine.totals.enqueued}`, name);
    }
    long.run();
  }
  expect(long.machine.size).toBe(2400);
  expect(held(long) - before).toBeLessThan(1_000_000);
});

/** With enough before them that are kept as objects, and somebody who takes jobs. */
function asked(): { long: Long; before: number } {
  const long = new Long();
  for (let n = 0; n < 2100; n++) long.enqueue(`filler-${n}`, 'filler');
  long.machine.ready.delayedCount(at);
  return { long, before: held(long) };
}

test('the first of many kinds keep nothing of those that have gone', () => {
  const { long, before } = asked();
  for (let n = 0; n < 20_000; n++) long.enqueue(`${n}`, `g${n % 100}`);
  for (let n = 0; n < 19_900; n++) long.remove(`${n}`);
  expect(held(long) - before).toBeLessThan(1_000_000);
});

test('nothing is kept of those that went from behind one that waits', () => {
  const { long, before } = asked();
  for (let n = 0; n < 20_000; n++) long.enqueue(`${n}`, 'g');
  for (let n = 10_100; n < 20_000; n++) long.remove(`${n}`);
  for (let n = 0; n < 10_099; n++) long.remove(`${n}`);
  expect(held(long) - before).toBeLessThan(1_000_000);
});

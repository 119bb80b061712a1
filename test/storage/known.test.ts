import { expect, test } from 'vitest';
import { openStore } from '../../src/storage/store.ts';
import { simEnv } from '../support/env.ts';
import { ListMachine } from './crash/list-machine.ts';

/** Keeps what it was told beside each record. */
class Told extends ListMachine {
  readonly told: [record: string, seq: number, known: unknown][] = [];
  override apply(record: Uint8Array, seq: number, known?: unknown): void {
    this.told.push([Buffer.from(record).toString(), seq, known]);
    super.apply(record, seq);
  }
}

test.each([false, true])('of each record the state machine is told what it says (overlap %s)', async (overlap) => {
  const env = simEnv();
  const machine = () => new Told();
  const store = await openStore(env, '/store', { machine, create: true, overlap });
  const outcome = { applied: (seq: number) => seq, failed: () => undefined };
  const bytes = (...texts: string[]) => texts.map((text) => Buffer.from(text));
  await Promise.all([
    store.append(bytes('a', 'b', 'c'), outcome, ['A', undefined, 'C']),
    store.append(bytes('d')),
    store.append(bytes('e', 'f'), outcome, ['E', 'F']),
  ]);
  const expected = [
    ['a', 1, 'A'],
    ['b', 2, undefined],
    ['c', 3, 'C'],
    ['d', 4, undefined],
    ['e', 5, 'E'],
    ['f', 6, 'F'],
  ];
  expect(store.machine.told).toEqual(expected);
  await store.close();
  const again = await openStore(env, '/store', { machine });
  expect(again.machine.told).toEqual(expected.map(([record, seq]) => [record, seq, undefined]));
  await again.close();
});

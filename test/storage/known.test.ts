import { expect, test } from 'vitest';
import { openStore } from '../../src/storage/store.ts';
import { packed } from '../../src/storage/wal/records.ts';
import { simEnv } from '../support/env.ts';
import { ListMachine } from './crash/list-machine.ts';

/** Keeps what it was told beside each record. */
class Told extends ListMachine {
  readonly told: [what: string, seq: number][] = [];
  override apply(record: Uint8Array, seq: number): void {
    this.told.push([Buffer.from(record).toString(), seq]);
    super.apply(record, seq);
  }
  applyKnown(known: unknown, seq: number): void {
    this.told.push([`known ${known}`, seq]);
    super.apply(Buffer.from(String(known).toLowerCase()), seq);
  }
}

test.each([false, true])('of each record the state machine is told what it says (overlap %s)', async (overlap) => {
  const env = simEnv();
  const machine = () => new Told();
  const store = await openStore(env, '/store', { machine, create: true, overlap });
  const hooks = { applied: (seq: number) => seq, failed: () => undefined };
  const bytes = (...texts: string[]) => texts.map((text) => Buffer.from(text));
  const answers = await Promise.all([
    store.append(packed(bytes('a', 'b', 'c')), hooks, ['A', 'B', 'C']),
    store.append(packed(bytes('d'))),
    store.append(packed(bytes('e', 'f')), hooks, ['E', 'F']),
  ]);
  expect(answers).toEqual([1, 4, 5]);
  const expected = [
    ['known A', 1],
    ['known B', 2],
    ['known C', 3],
    ['d', 4],
    ['known E', 5],
    ['known F', 6],
  ];
  expect(store.machine.told).toEqual(expected);
  await store.close();
  const again = await openStore(env, '/store', { machine });
  expect(again.machine.told.map(([record]) => record)).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
  await again.close();
});

test('an operation without records is refused, and whoever asked is told', async () => {
  const store = await openStore(simEnv(), '/store', { machine: () => new Told(), create: true });
  const failures: unknown[] = [];
  const hooks = { applied: (seq: number) => seq, failed: (error: unknown) => void failures.push(error) };
  await expect(store.append(packed([]), hooks)).rejects.toThrow(RangeError);
  expect(failures).toEqual([expect.any(RangeError)]);
  expect(await store.append(packed([Buffer.from('b')]))).toBe(1);
  expect(store.machine.told).toEqual([['b', 1]]);
  await store.close();
});

test.each([[[]], [['A']], [['A', 'B', 'C']]])(
  'what is known must be of each record, and not %j of two',
  async (known) => {
    const store = await openStore(simEnv(), '/store', { machine: () => new Told(), create: true });
    const hooks = { applied: (seq: number) => seq, failed: () => undefined };
    await expect(store.append(packed([Buffer.from('a'), Buffer.from('b')]), hooks, known)).rejects.toThrow(RangeError);
    expect(await store.append(packed([Buffer.from('c')]))).toBe(1);
    expect(store.machine.told).toEqual([['c', 1]]);
    await store.close();
  },
);

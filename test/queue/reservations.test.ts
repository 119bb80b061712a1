import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { Reservations } from '../../src/queue/ops/reservations.ts';
import { settle } from './support/fake-log.ts';

interface Gate {
  open: () => void;
  passed: Promise<void>;
}

function gate(): Gate {
  let open = (): void => undefined;
  const passed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, passed };
}

test('free keys are held within the call, before anything is awaited', () => {
  const reservations = new Reservations();
  let started = false;
  void reservations.hold(['a', 'b'], async () => {
    started = true;
  });
  expect(started).toBe(true);
  expect(reservations.isHeld('a')).toBe(true);
  expect(reservations.isHeld('c')).toBe(false);
});

test('operations on one key run one after another in the order of the calls, others are not held up', async () => {
  const reservations = new Reservations();
  const log: string[] = [];
  const first = gate();
  const operation = (name: string, wait?: Gate) => async (): Promise<void> => {
    log.push(`${name}+`);
    await wait?.passed;
    log.push(`${name}-`);
  };
  const all = [
    reservations.hold(['a'], operation('1', first)),
    reservations.hold(['a', 'b'], operation('2')),
    reservations.hold(['b'], operation('3')),
    reservations.hold(['c'], operation('4')),
    reservations.hold(['a'], operation('5')),
  ];
  await settle();
  expect(log).toEqual(['1+', '4+', '4-']);
  first.open();
  await Promise.all(all);
  expect(log.filter((entry) => entry !== '4+' && entry !== '4-').slice(0, 4)).toEqual(['1+', '1-', '2+', '2-']);
  expect(log).toHaveLength(10);
  expect(['a', 'b', 'c', 'd'].filter((key) => reservations.isHeld(key))).toEqual([]);
});

test('an operation that fails lets go of its keys', async () => {
  const reservations = new Reservations();
  const failing = reservations.hold(['a'], () => Promise.reject(new Error('no')));
  const next = reservations.hold(['a'], () => Promise.resolve('yes'));
  await expect(failing).rejects.toThrow('no');
  expect(await next).toBe('yes');
  expect(['a', 'b', 'c', 'd'].filter((key) => reservations.isHeld(key))).toEqual([]);
});

test('whatever the keys, nobody shares one, nobody waits for ever, and nothing stays held', async () => {
  const keys = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'), { minLength: 0, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(fc.array(fc.record({ keys, turns: fc.nat({ max: 3 }) }), { maxLength: 20 }), async (plans) => {
      const reservations = new Reservations();
      const inside = new Set<string>();
      const order: number[] = [];
      await Promise.all(
        plans.map((plan, index) =>
          reservations.hold(plan.keys, async () => {
            for (const key of plan.keys) {
              expect(inside.has(key)).toBe(false);
              inside.add(key);
            }
            order.push(index);
            for (let turn = 0; turn < plan.turns; turn++) await Promise.resolve();
            for (const key of plan.keys) inside.delete(key);
          }),
        ),
      );
      expect(['a', 'b', 'c', 'd'].filter((key) => reservations.isHeld(key))).toEqual([]);
      expect(order).toHaveLength(plans.length);
      for (const key of ['a', 'b', 'c', 'd'] as const) {
        const holders = order.filter((index) => plans[index]?.keys.includes(key));
        expect(holders).toEqual([...holders].sort((a, b) => a - b));
      }
    }),
  );
});

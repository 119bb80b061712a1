import { expect } from 'vitest';
import { systemClock, systemRandom } from '../../src/base/node-clock.ts';
import { nodeFs } from '../../src/fs/node-fs.ts';
import { verifyStore } from '../../src/storage/read.ts';
import { openStore } from '../../src/storage/store.ts';
import { packed } from '../../src/storage/wal/records.ts';
import { ListMachine } from '../storage/crash/list-machine.ts';
import type { ChildRun } from './child-run.ts';

const env = { fs: nodeFs, clock: systemClock, random: systemRandom };
const open = (dir: string) =>
  openStore(env, dir, { machine: () => new ListMachine(), create: true, segmentBytes: 4096 });

/**
 * Holds the store that a process left against what it told: never called damaged; acknowledged ⊆ recovered ⊆ issued, in
 * order and without a hole; append, close and reopen work, and the second opening finds the same.
 */
export async function holdAgainst(dir: string, { acked, asked }: ChildRun, what: string): Promise<'opens' | 'torn'> {
  const before = await verifyStore(env, dir).then(
    ({ verdict }) => verdict,
    (error: { code?: string }) => error.code,
  );
  // What a creation left that did not finish is no store yet: the next opening finishes it.
  expect(acked > 0 ? ['clean', 'padded', 'torn'] : ['clean', 'padded', 'torn', 'E_NO_STORE'], what).toContain(before);
  const store = await open(dir);
  const { items } = store.machine;
  expect(items.length, `${what}: acknowledged, and recovered`).toBeGreaterThanOrEqual(acked);
  expect(items.length, `${what}: issued, and recovered`).toBeLessThanOrEqual(Math.max(acked, asked));
  const numbers = items.map((text) => Number(text.split(' ')[0]));
  expect(numbers, what).toEqual(items.map((_, index) => index + 1));
  await store.append(packed([Buffer.from(`${items.length + 1} after`)]));
  const after = [...store.machine.items];
  await store.close();
  expect((await verifyStore(env, dir)).verdict, what).toBe('clean');
  const again = await open(dir);
  expect(again.machine.items, what).toEqual(after);
  await again.close();
  return before === 'torn' ? 'torn' : 'opens';
}

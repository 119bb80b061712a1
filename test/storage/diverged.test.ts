import { expect, test } from 'vitest';
import { openStore } from '../../src/storage/store.ts';
import { packed } from '../../src/storage/wal/records.ts';
import { simEnv } from '../support/env.ts';
import { ListMachine } from './crash/list-machine.ts';

/** A state that refuses what its own validation let through: a bug of whoever owns it. */
class Refusing extends ListMachine {
  override apply(record: Uint8Array, seq: number): void {
    if (record[0] === 'b'.charCodeAt(0)) throw new Error('does not fit');
    super.apply(record, seq);
  }
}

test.each([false, true])(
  'a record that does not apply ends the store, and nothing after it is answered (overlap %s)',
  async (overlap) => {
    const store = await openStore(simEnv(), '/store', { machine: () => new Refusing(), create: true, overlap });
    const append = (text: string) => store.append(packed([Buffer.from(text)])).catch((error: unknown) => error);
    const first = append('a1');
    await first;
    const [good, bad, after] = await Promise.all([append('a2'), append('b3'), append('a4')]);
    const refusal = expect.objectContaining({ code: 'E_REPLAY', exit: 70 });
    expect([good, bad, after]).toEqual([expect.anything(), refusal, refusal]);
    expect(await append('a5')).toEqual(refusal);
    expect(store.poison).toEqual(refusal);
    expect(store.machine.items.length).toBeLessThanOrEqual(2);
    await store.close();
  },
);

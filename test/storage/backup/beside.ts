import { openStore, type Store } from '../../../src/storage/store.ts';
import type { ListMachine } from '../crash/list-machine.ts';
import { appendSome, dir, diskOf, make, sampleStore } from '../damage/image.ts';
import type { SimWorld } from './support.ts';

/** Records in the store when the reader begins. */
export const started = 12;

export interface Beside {
  env: SimWorld;
  store: Store<ListMachine>;
  /** Called before each call of the reader. */
  before: ((call: number) => Promise<void>) | undefined;
}

/** A store that somebody has open, whose work can be done between any two calls of a reader. */
export async function openBeside(): Promise<Beside> {
  const env = await diskOf(await sampleStore({ closed: true }));
  const store = await openStore(env, dir, { machine: make, keepSnapshots: 1 });
  const beside: Beside = { env, store, before: undefined };
  let calls = 0;
  let working = false;
  env.fs.hold = () => {
    if (working || beside.before === undefined) return undefined;
    working = true;
    return beside.before(++calls).finally(() => {
      working = false;
    });
  };
  return beside;
}

/** New records, and nothing of the log or the snapshots there were before stays. */
export async function replaceAll(store: Store<ListMachine>): Promise<void> {
  for (const _ of [1, 2]) {
    const from = store.machine.items.length + 1;
    await appendSome(store, from, from + 2);
    await store.checkpoint();
    await store.rotate();
  }
  await store.checkpoint();
  const last = store.machine.items.length + 1;
  await appendSome(store, last, last);
}

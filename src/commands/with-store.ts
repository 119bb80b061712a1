import { QueueMachine } from '../queue/state/machine.ts';
import type { StoreLock } from '../storage/lock.ts';
import { openStore, type Store } from '../storage/store.ts';
import type { CommandContext } from './context.ts';

/** Opens a store whose lock is held, runs, closes. */
export async function withStore<T>(
  context: CommandContext,
  dir: string,
  lock: StoreLock,
  run: (store: Store<QueueMachine>) => Promise<T>,
): Promise<T> {
  const store = await openStore(context.env, dir, { machine: () => new QueueMachine(), lock });
  let result: T;
  try {
    result = await run(store);
  } catch (error) {
    // The first failure is the one to tell; closing after it may fail too.
    await store.close().catch(() => undefined);
    throw error;
  }
  await store.close();
  return result;
}

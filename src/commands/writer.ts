import { escapeText } from '../base/escape.ts';
import { withQueue } from '../queue/run/access.ts';
import type { QueueOps } from '../queue/run/ops.ts';
import { QueueMachine } from '../queue/state/machine.ts';
import type { StoreLock } from '../storage/lock.ts';
import { openStore, type Store } from '../storage/store.ts';
import type { CommandContext } from './context.ts';

/** How a command gets at a store that it writes to. */
export interface WriterOptions {
  /** How long to wait for another command to finish, milliseconds. */
  lockTimeoutMs: number;
  /** Of this process, for LOCK and OPEN frames. */
  pid: number;
}

/**
 * Runs on the queue of a store, which must exist unless `create` is set: through the runner that holds it, or under the
 * lock. Throws E_NO_STORE (1), E_LOCKED (6), the damage that refuses writing (3), E_IO (74).
 */
export async function onQueue<T>(
  context: CommandContext,
  store: string,
  options: WriterOptions & { command: string; create?: boolean; onOpen?: (store: Store<QueueMachine>) => void },
  use: (ops: QueueOps) => Promise<T>,
): Promise<T> {
  const onOpen = (opened: Store<QueueMachine>): void => {
    if (opened.created) context.note(`created a new store at ${escapeText(store)}`);
    noteRecovery(context, opened);
    options.onOpen?.(opened);
  };
  return await withQueue(context.env, store, { ...options, onOpen }, use);
}

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

/** Bytes that opening moved out of the way are never moved in silence. */
function noteRecovery(context: CommandContext, store: Store<QueueMachine>): void {
  const { trimmed } = store.recovery;
  if (trimmed === undefined) return;
  const { bytes, file, quarantine } = trimmed;
  context.note(`recovered: ${bytes} bytes of a torn write at the end of ${file} were moved to ${quarantine}`);
}

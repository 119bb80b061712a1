import type { StoreLock } from '../../storage/lock.ts';
import { openStore } from '../../storage/store.ts';
import type { StorageEnv } from '../../storage/types.ts';
import { QueueEngine } from '../engine.ts';
import { LogCleaner } from '../process/log-files.ts';
import { QueueMachine } from '../state/machine.ts';
import { LocalOps } from './ops.ts';
import type { AccessOptions, Held } from './steady-ops.ts';

/** The queue in this process, for as long as it holds the lock. */
export async function underLock(
  env: StorageEnv,
  storeDir: string,
  lock: StoreLock,
  options: AccessOptions,
): Promise<Held> {
  const store = await openStore(env, storeDir, {
    machine: () => new QueueMachine(),
    lock,
    create: options.create === true,
    pid: options.pid,
    ...(options.segmentBytes !== undefined && { segmentBytes: options.segmentBytes }),
  });
  options.onOpen?.(store);
  const engine = new QueueEngine({ log: store, machine: store.machine, clock: env.clock, random: env.random });
  const logs = new LogCleaner(env.fs, store.dir);
  engine.onForgotten((ids, seq) => logs.forget(ids, seq));
  return {
    ops: new LocalOps(env, store, engine),
    async close(failed) {
      await engine.stop();
      await logs.settled();
      // The first failure is the one to tell; closing after it may fail too.
      await (failed ? store.close().catch(() => undefined) : store.close());
    },
  };
}

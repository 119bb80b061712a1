import type { StoreLock } from '../../storage/lock.ts';
import type { StorageEnv } from '../../storage/types.ts';
import { LocalOps } from './local-ops.ts';
import { openEngine } from './open-engine.ts';
import type { AccessOptions, Held } from './steady-ops.ts';

/** The queue in this process, for as long as it holds the lock. */
export async function underLock(
  env: StorageEnv,
  storeDir: string,
  lock: StoreLock,
  options: AccessOptions,
): Promise<Held> {
  const { create = false, pid, segmentBytes } = options;
  const open = await openEngine(env, storeDir, {
    lock,
    create,
    pid,
    ...(segmentBytes !== undefined && { segmentBytes }),
  });
  options.onOpen?.(open.store);
  return {
    ops: new LocalOps(env, open.store, open.engine),
    async close(failed) {
      // The first failure is the one to tell; closing after it may fail too.
      await (failed ? open.close().catch(() => undefined) : open.close());
    },
  };
}

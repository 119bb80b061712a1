import { existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { unsyncedEnv } from './env.js';
import { enqueueJobs, openQueueStore, stateHash } from './queue-store.js';

/**
 * A store with so many pending jobs in its log, no snapshot. Made once per run of the benchmark, never written to
 * afterwards; answers the hash of its state.
 */
export async function pendingStore(folder, jobs) {
  const dir = join(folder, `pending-${jobs}`);
  if (existsSync(dir)) return { dir };
  const making = `${dir}.making`;
  const { store, engine } = await openQueueStore(unsyncedEnv, making);
  await enqueueJobs(engine, 0, jobs);
  const hash = stateHash(store.machine);
  await store.close();
  renameSync(making, dir);
  return { dir, hash };
}

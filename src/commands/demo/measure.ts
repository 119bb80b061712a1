import { join } from '../../base/path.ts';
import { listFolder } from '../../fs/folder.ts';
import { goneMeanwhile } from '../../fs/gone.ts';
import { QueueMachine } from '../../queue/state/machine.ts';
import { listSnapshots } from '../../storage/snapshot/list.ts';
import { readSnapshot } from '../../storage/snapshot/read.ts';
import { openStore } from '../../storage/store.ts';
import type { StorageEnv } from '../../storage/types.ts';

/** What one way of keeping state gave back after the kill. */
export interface Recovered {
  /** Jobs that were answered before the kill. */
  answered: number;
  /** Of these, found again. */
  found: number;
  ms: number;
  bytes: number;
  /** Events replayed after the snapshot, if any. */
  replayed: number;
}

/** Recovers a store as the next writer does. */
export async function recoverStore(env: StorageEnv, dir: string, answered: number): Promise<Recovered> {
  const bytes = await bytesOf(env, dir, ['wal', 'snapshots']);
  const store = await openStore(env, dir, { machine: () => new QueueMachine() });
  const found = countFound(store.machine, answered);
  const { ms, replayed } = store.recovery;
  await store.close();
  return { answered, found, ms, bytes, replayed };
}

/** What a program that keeps only snapshots would have: the newest one, and nothing of what came after. */
export async function recoverSnapshotOnly(env: StorageEnv, dir: string, answered: number): Promise<Recovered> {
  const newest = (await listSnapshots(env, dir)).snapshots[0];
  const started = env.clock.monotonic();
  const machine = new QueueMachine();
  if (newest) await readSnapshot(env, join(dir, newest.file), (entry) => machine.load(entry));
  const ms = env.clock.monotonic() - started;
  return { answered, found: countFound(machine, answered), ms, bytes: newest?.bytes ?? 0, replayed: 0 };
}

/**
 * Jobs that this state has ever taken in. Finished ones may be forgotten, they still count; more than were answered
 * is no loss.
 */
function countFound(machine: QueueMachine, answered: number): number {
  return Math.min(answered, machine.totals.enqueued);
}

async function bytesOf(env: StorageEnv, dir: string, folders: readonly string[]): Promise<number> {
  let bytes = 0;
  for (const folder of folders) {
    for (const name of await listFolder(env.fs, join(dir, folder))) {
      bytes += (await env.fs.lstat(join(dir, folder, name)).catch(goneMeanwhile))?.size ?? 0;
    }
  }
  return bytes;
}

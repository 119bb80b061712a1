import { damageError } from '../base/errors.ts';
import { createStore } from './create.ts';
import { makeWhole, refusePlace } from './new-folder.ts';
import { verifyStore } from './read.ts';
import { readSnapshot } from './snapshot/read.ts';
import type { SnapshotSummary, StateMachine, StorageEnv } from './types.ts';

export interface RestoreResult {
  /** Of the new store. */
  storeId: string;
  /** The new log begins after this seq. */
  seq: number;
  stateHash: string;
  from: SnapshotSummary;
}

/**
 * Makes a new store whose state is that of a snapshot, of any kind: it has an id of its own, and the snapshot is its
 * base. The folder has its name only when the store is whole, on disk and verified. Rejects with the damage of the
 * snapshot (3, 5), E_PLACE, E_UNFINISHED (7), E_RESTORE_MISMATCH (3), E_READ, E_IO, E_NO_SPACE, E_SNAPSHOT_WRITE (74);
 * then nothing was made.
 */
export async function restoreTo(
  env: StorageEnv,
  snapshot: { path: string; relativeName: string },
  dir: string,
  make: () => StateMachine,
): Promise<RestoreResult> {
  await refusePlace(env, dir);
  const machine = make();
  const { path, relativeName } = snapshot;
  const from = await readSnapshot(env, path, (entry) => machine.load(entry), { file: relativeName });
  // One saved from a log whose numbers ours cannot hold says 0; but a log that begins at 1 begins on nothing.
  const seq = from.seq === 0 ? from.entries : from.seq;
  return await makeWhole(env, dir, async (temp) => {
    const base = seq === 0 ? {} : { base: { seq, entries: machine.cut() } };
    const { id: storeId } = await createStore(env, temp, base);
    const { verdict, snapshots } = await verifyStore(env, temp);
    const stateHash = snapshots[0]?.summary?.stateHash ?? from.stateHash;
    if (verdict !== 'clean' || stateHash !== from.stateHash) throw mismatch(path, from.stateHash, stateHash);
    return { storeId, seq, stateHash, from };
  });
}

function mismatch(path: string, expected: string, got: string): Error {
  return damageError('E_RESTORE_MISMATCH', `the state on disk is not the one of ${path}; no store was made`, {
    data: { file: path, got, expected },
  });
}

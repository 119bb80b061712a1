import { damageError } from '../base/errors.ts';
import { join } from './files.ts';
import { listWal, walFolder } from './folder.ts';
import { hashEntries } from './snapshot/hash.ts';
import { checkSnapshot } from './snapshot/read.ts';
import type { Store } from './store.ts';
import { surveyStore } from './survey.ts';
import type { SnapshotSummary, StateMachine, StorageEnv } from './types.ts';

export interface CompactResult {
  snapshot: SnapshotSummary;
  /** Hex SHA-256 of the state before, and of the state that the disk gave after; equal, or nothing was removed. */
  stateHash: string;
  removedSegments: string[];
  removedSnapshots: string[];
  /** Why the rest of the log stays. */
  reasons: string[];
  bytesBefore: number;
  bytesAfter: number;
}

/**
 * Rotates, writes a snapshot, loads it and its tail back from disk into a fresh state machine, compares the two
 * states by hash, and only then removes what the `keep` newest good snapshots no longer need. Rejects with
 * E_COMPACT_MISMATCH and removes nothing when they differ.
 */
export async function compactStore<M extends StateMachine>(
  env: StorageEnv,
  store: Store<M>,
  options: { keep: number },
): Promise<CompactResult> {
  const bytesBefore = await storeBytes(env, store.dir);
  await store.rotate();
  const { snapshot } = await store.checkpoint({ clean: false });
  const { disk, memory } = await store.reload();
  const stateHash = hashEntries(memory);
  const onDisk = hashEntries(disk.cut());
  if (onDisk !== stateHash) {
    throw damageError(
      'E_COMPACT_MISMATCH',
      `the state on disk is not the state in memory at seq ${store.seqLast}; nothing was removed`,
      {
        data: { memory: stateHash, disk: onDisk },
      },
    );
  }
  const { removedSegments, removedSnapshots, reasons } = await store.checkpoint({ keep: options.keep });
  return {
    snapshot,
    stateHash,
    removedSegments,
    removedSnapshots,
    reasons,
    bytesBefore,
    bytesAfter: await storeBytes(env, store.dir),
  };
}

export interface CompactPlan {
  /** Seq that the log would go back to. */
  baseSeq: number;
  segments: { file: string; bytes: number }[];
  snapshots: string[];
  /** Why the rest stays. */
  reasons: string[];
}

/** What `compactStore` would remove if it ran now. Read-only. */
export async function planCompact(
  env: StorageEnv,
  storeDir: string,
  options: { keep: number; seqLast: number },
): Promise<CompactPlan> {
  const survey = await surveyStore(env, storeDir);
  const kept: number[] = [options.seqLast];
  const snapshots: string[] = [];
  for (const { file, seq } of survey.snapshots) {
    if (seq >= options.seqLast) continue;
    if (kept.length >= options.keep) snapshots.push(file);
    else if (
      (await checkSnapshot(env, join(storeDir, file), { relativeName: file, storeId: survey.identity.id })).summary
    )
      kept.push(seq);
  }
  const reasons: string[] = [];
  if (kept.length < options.keep) {
    reasons.push(`${kept.length} of ${options.keep} snapshots to keep would be there: the whole log stays`);
    return { baseSeq: 0, segments: [], snapshots: [], reasons };
  }
  const baseSeq = kept.at(-1) ?? 0;
  const segments: CompactPlan['segments'] = [];
  for (const [index, name] of survey.live.entries()) {
    const seqLast = (survey.live[index + 1]?.seqFirst ?? options.seqLast + 1) - 1;
    const file = join(walFolder, name.name);
    if (seqLast <= baseSeq) segments.push({ file, bytes: (await env.fs.lstat(join(storeDir, file)))?.size ?? 0 });
  }
  const stay = survey.live.length - segments.length;
  if (stay > 0) reasons.push(`${stay} ${stay === 1 ? 'segment holds' : 'segments hold'} records after seq ${baseSeq}`);
  return { baseSeq, segments, snapshots, reasons };
}

/** Bytes of log and snapshots. */
async function storeBytes(env: StorageEnv, storeDir: string): Promise<number> {
  const { segments } = await listWal(env, join(storeDir, walFolder));
  const survey = await surveyStore(env, storeDir);
  const files = [
    ...segments.map((name) => join(walFolder, name.name)),
    ...survey.snapshots.map((snapshot) => snapshot.file),
  ];
  let bytes = 0;
  for (const file of files) bytes += (await env.fs.lstat(join(storeDir, file)))?.size ?? 0;
  return bytes;
}

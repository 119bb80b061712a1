import { assert, damageError } from '../base/errors.ts';
import type { Finding } from '../base/finding.ts';
import { join } from '../base/path.ts';
import { listWal, walFolder } from './folder.ts';
import { refuseDamage } from './open.ts';
import { scanStore } from './read.ts';
import { planRetention } from './retention.ts';
import { hashEntriesInSteps } from './snapshot/hash.ts';
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
  /** Snapshots that were to cover the log and cannot. */
  findings: Finding[];
  bytesBefore: number;
  bytesAfter: number;
}

/**
 * Rotates, writes a snapshot, loads it and its tail back from disk into a fresh state machine, compares the two
 * states by hash, and only then removes what the `keep` newest good snapshots no longer need. Rejects with
 * E_COMPACT_MISMATCH and removes nothing when they differ; and before all that, as `planCompact` does, where the log is
 * damaged, be it in a part that a snapshot covers.
 */
export async function compactStore<M extends StateMachine>(
  env: StorageEnv,
  store: Store<M>,
  options: { keep: number },
): Promise<CompactResult> {
  await refuseDamagedLog(env, store.dir);
  const bytesBefore = await storeBytes(env, store.dir);
  await store.rotate();
  await store.checkpoint({ clean: false });
  const { disk, memory, snapshot } = await store.reload();
  const stateHash = await hashEntriesInSteps(env.clock, memory);
  const onDisk = await hashEntriesInSteps(env.clock, disk.cut());
  if (snapshot === undefined || onDisk !== stateHash) {
    throw damageError(
      'E_COMPACT_MISMATCH',
      `the state on disk is not the state in memory at seq ${store.seqLast}; nothing was removed`,
      {
        data: { memory: stateHash, disk: onDisk },
      },
    );
  }
  // Whatever was written meanwhile, another snapshot too, has not been proved: it neither covers nor replaces anything.
  const { removeSegments, removeSnapshots, reasons, findings } = await store.clean(options.keep, snapshot);
  return {
    snapshot,
    stateHash,
    removedSegments: removeSegments,
    removedSnapshots: removeSnapshots,
    reasons,
    findings,
    bytesBefore,
    bytesAfter: await storeBytes(env, store.dir),
  };
}

/** Whoever cleans looks at all of it first: what was to be evidence, or the last base of it, is not taken away. */
export async function refuseDamagedLog(env: StorageEnv, storeDir: string): Promise<void> {
  refuseDamage(storeDir, (await scanStore(env, storeDir)).findings);
}

export interface CompactPlan {
  /** Seq that the log would go back to. */
  baseSeq: number;
  segments: { file: string; bytes: number }[];
  snapshots: string[];
  /** Why the rest stays. */
  reasons: string[];
  /** As in `CompactResult`. */
  findings: Finding[];
}

/**
 * What `compactStore` would remove if it ran now. Read-only. Refuses as opening for writing would: E_NO_STORE,
 * E_GUTTED, E_NEWER_FORMAT, E_READ, and the code of the worst finding where the log is damaged.
 */
export async function planCompact(env: StorageEnv, storeDir: string, options: { keep: number }): Promise<CompactPlan> {
  const survey = await surveyStore(env, storeDir);
  const report = await scanStore(env, storeDir);
  refuseDamage(storeDir, report.findings);
  const last = survey.live.at(-1);
  assert(last !== undefined, 'a store has a segment');
  const snapshotSeq = report.seqLast ?? last.seqFirst - 1;
  // Compaction rotates first, unless the segment being written is empty.
  const isEmpty = report.segments.at(-1)?.frames === 0;
  const segment = isEmpty ? last : { ordinal: last.ordinal + 1, seqFirst: snapshotSeq + 1 };
  const { kept, removeSegments, removeSnapshots, reasons, findings } = await planRetention(env, storeDir, {
    storeId: survey.identity.id,
    keep: options.keep,
    activeOrdinal: segment.ordinal,
    ahead: { snapshotSeq, segment },
  });
  const segments: CompactPlan['segments'] = [];
  for (const file of removeSegments) {
    segments.push({ file, bytes: (await env.fs.lstat(join(storeDir, file)))?.size ?? 0 });
  }
  const baseSeq = kept.length < options.keep ? 0 : (kept.at(-1)?.seq ?? 0);
  return { baseSeq, segments, snapshots: removeSnapshots, reasons, findings };
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

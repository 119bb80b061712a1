import { refuseDamagedLog } from '../storage/compact.ts';
import { planRetention, type RetentionPlan } from '../storage/retention.ts';
import { surveyStore } from '../storage/survey.ts';
import type { CheckpointResult } from '../storage/types.ts';
import type { CommandContext } from './context.ts';
import { onQueue, type WriterOptions } from './writer.ts';

/**
 * Writes a snapshot of the state now, through a live runner or under the lock; removes nothing. Throws E_LOCKED (6),
 * E_SNAPSHOT_WRITE (74).
 */
export async function createSnapshot(
  context: CommandContext,
  store: string,
  writer: WriterOptions,
): Promise<CheckpointResult> {
  const options = { ...writer, command: 'walq snapshot create' };
  return await onQueue(context, store, options, (ops) => ops.call('checkpoint', { clean: false }));
}

export interface PruneRequest {
  store: string;
  /** How many of the newest good snapshots stay. */
  keep: number;
  dryRun: boolean;
}

/**
 * Removes snapshots older than the kept ones, through a live runner or under the lock; the log stays. Throws the damage
 * of a log (3, 5), E_LOCKED (6), E_READ (74).
 */
export async function pruneSnapshots(
  context: CommandContext,
  request: PruneRequest,
  writer: WriterOptions,
): Promise<RetentionPlan> {
  const { env } = context;
  const { store, keep } = request;
  if (request.dryRun) {
    await refuseDamagedLog(env, store);
    const storeId = (await surveyStore(env, store)).identity.id;
    return await planRetention(env, store, { storeId, keep, activeOrdinal: 0 });
  }
  const options = { ...writer, command: 'walq snapshot prune' };
  return await onQueue(context, store, options, (ops) => ops.call('prune-snapshots', { keep }));
}

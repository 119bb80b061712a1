import { type CompactPlan, type CompactResult, planCompact } from '../storage/compact.ts';
import { scanStore } from '../storage/read.ts';
import type { CommandContext } from './context.ts';
import { onQueue, type WriterOptions } from './writer.ts';

export interface CompactRequest {
  store: string;
  /** Snapshots to keep. */
  keep: number;
}

/** What `compact` would remove now. Read-only. */
export async function planCompaction(context: CommandContext, request: CompactRequest): Promise<CompactPlan> {
  const { env } = context;
  const report = await scanStore(env, request.store);
  return await planCompact(env, request.store, { keep: request.keep, seqLast: report.seqLast ?? 0 });
}

/**
 * Through a live runner, or under the lock. Throws E_LOCKED (6), E_COMPACT_MISMATCH (3): then nothing was removed; and
 * what opening a store throws.
 */
export async function compact(
  context: CommandContext,
  request: CompactRequest,
  writer: WriterOptions,
): Promise<CompactResult> {
  const options = { ...writer, command: 'walq wal compact' };
  return await onQueue(context, request.store, options, (ops) => ops.call('compact', { keep: request.keep }));
}

import { type CompactPlan, type CompactResult, planCompact } from '../storage/compact.ts';
import type { CommandContext } from './context.ts';
import { onQueue, type WriterOptions } from './writer.ts';

export interface CompactRequest {
  store: string;
  /** Snapshots to keep. */
  keep: number;
}

/** What `compact` would remove now. Read-only. Throws what opening a store throws, damage (3) included. */
export async function planCompaction(context: CommandContext, request: CompactRequest): Promise<CompactPlan> {
  return await planCompact(context.env, request.store, { keep: request.keep });
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

import type { CheckpointResult, CommitHooks } from '../storage/types.ts';
import type { PackedRecords } from '../storage/wal/records.ts';

/** What the queue needs of a store open for writing. The state machine it drives is the queue's. */
export interface QueueLog {
  /** Store id, 32 hex digits. */
  readonly id: string;
  /** Random, 48 bits, of this opening: names its runner in DISPATCH. */
  readonly epoch: number;
  /** Last seq that is durable and applied. */
  readonly seqLast: number;
  /**
   * One atomic operation: all records in one frame, synced, then applied in order, then resolved with the first seq.
   * Operations that wait together share a sync. Rejects with E_NO_SPACE (nothing changed, the log goes on), or
   * E_POISONED / E_DURABILITY_UNKNOWN / E_CLOSED. With `hooks`, resolves with what that answers. `known`: what each
   * of the records says, where the state machine need not read them.
   */
  append(records: PackedRecords): Promise<number>;
  append<T>(records: PackedRecords, hooks: CommitHooks<T>, known?: readonly unknown[]): Promise<T>;
  checkpoint(): Promise<CheckpointResult>;
  close(): Promise<void>;
}

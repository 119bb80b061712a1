import type { StoreLock } from './lock.ts';
import type { StateMachine, StoreObserver } from './types.ts';

export interface OpenOptions<M extends StateMachine> {
  /** Makes an empty state machine; called again when a snapshot turns out to be unusable. */
  machine: () => M;
  /**
   * A lock taken before; otherwise one attempt is made, and E_LOCKED is the answer when it is held. The store
   * releases it at `close`.
   */
  lock?: StoreLock;
  /** Create the store in an empty or missing folder. Default false: E_NO_STORE. */
  create?: boolean;
  /** A segment is closed before events make it larger; seal and opening come on top. Default 64 MiB. */
  segmentBytes?: number;
  /** Zeros that a busy writer keeps ready behind the log. Default 1 MiB; 0 for none. */
  aheadBytes?: number;
  /** Whether a batch is answered while the next one is synced. Default: when that is quicker, which is measured. */
  overlap?: boolean | undefined;
  /** Good snapshots to keep; the log goes back to the oldest of them. Default 2. */
  keepSnapshots?: number;
  /** Of this process, written into LOCK and OPEN frames, for people. */
  pid?: number;
  command?: string;
  observer?: StoreObserver;
}

export const defaultSegmentBytes = 64 * 1024 * 1024;
export const defaultAheadBytes = 1024 * 1024;
export const defaultKeepSnapshots = 2;

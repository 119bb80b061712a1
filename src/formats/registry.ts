import { documentLog } from './document/log.ts';
import { documentSnapshot } from './document/snapshot.ts';
import { raftRecoverySnapshot } from './raft-recovery/snapshot.ts';
import { raftRecoveryWal } from './raft-recovery/wal.ts';
import type { ForeignFormat } from './types.ts';

/** Every format of another system that walq reads. A new one gets a folder of its own and a line here. */
export const foreignFormats: readonly ForeignFormat[] = [
  // The snapshots first: theirs is the stricter look.
  raftRecoverySnapshot,
  documentSnapshot,
  raftRecoveryWal,
  documentLog,
];

/** Recognises a file by its content. `head` is its beginning: all of it, or `detectBytes`. */
export function detectFormat(head: Uint8Array): ForeignFormat | undefined {
  return foreignFormats.find((format) => format.detect(head));
}

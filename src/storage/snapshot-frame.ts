import type { SnapshotSummary } from './types.ts';
import { varintPayload } from './wal/encode-frames.ts';

/**
 * What the frame says that follows a snapshot in the log: its seq and its hash. It is written once the folder of the
 * snapshot is synced, and so tells whoever reads it that the disk has the file and its name.
 */
export function snapshotFrame({ seq, sha256 }: Pick<SnapshotSummary, 'seq' | 'sha256'>): Buffer {
  return Buffer.concat([varintPayload(seq), Buffer.from(sha256, 'hex')]);
}

import { type Finding, findingError } from '../../base/finding.ts';
import type { ByteSource } from '../../base/source.ts';
import { reading } from '../../fs/failure.ts';
import { openSource } from '../../fs/read.ts';
import type { SnapshotCheck, SnapshotSummary, StorageEnv } from '../types.ts';
import { Blocks } from './blocks.ts';
import type { SnapshotHeader } from './codec.ts';
import { shownSnapshotName } from './name.ts';
import { type ScanOptions, scanHeader, scanSnapshot } from './scan.ts';

/**
 * Reads and judges a whole snapshot, with memory bounded by two of its blocks. Never throws on damage: `findings` says
 * what is wrong, and `summary` is there if and only if there are none. A name of the store's form must carry the
 * header's seq. Rejects with E_READ when the disk refuses (EIO, EACCES, EMFILE, ENOENT, ...): that is not damage; and
 * with whatever `onEntry` throws. Unless `blocks` says who reads blocks back, a thread does where there are many.
 */
export function checkSnapshot(env: StorageEnv, path: string, options: ScanOptions): Promise<SnapshotCheck> {
  return withFile(env, path, async (source) => {
    const blocks = new Blocks(env.blockThread);
    if (options.blocks === undefined && !options.bytesOnly) blocks.expect(source.size ?? 0);
    return await scanSnapshot(source, { blocks, ...options });
  });
}

/**
 * Hands out the entries of a snapshot as `checkSnapshot` does, for where damage is the end: rejects with the worst
 * finding as an error (its code, the finding in `data.finding`; E_NEWER_FORMAT exits 5), with E_READ when the disk
 * refuses, and with whatever `onEntry` throws, unchanged.
 */
export async function readSnapshot(
  env: StorageEnv,
  path: string,
  onEntry: (entry: Uint8Array) => void,
  options: Partial<ScanOptions> = {},
): Promise<SnapshotSummary> {
  const check = await checkSnapshot(env, path, { file: shownSnapshotName(path), ...options, onEntry });
  if (check.summary === undefined) throw findingError(check.findings);
  return check.summary;
}

/**
 * The header alone: a cheap look for listings that proves nothing about the rest. Damage becomes findings; rejects with
 * E_READ only.
 */
export function peekSnapshot(env: StorageEnv, path: string): Promise<SnapshotHeader | { findings: Finding[] }> {
  return withFile(env, path, async (source) => {
    const { header, findings } = await scanHeader(source, { file: shownSnapshotName(path) });
    return header === undefined || findings.length > 0 ? { findings } : header;
  });
}

/** A link is one that the user named: in a store only files are listed. */
async function withFile<T>(env: StorageEnv, path: string, use: (source: ByteSource) => Promise<T>): Promise<T> {
  const source = await reading(path, () => openSource(env.fs, path, { follow: true }));
  try {
    return await use(source);
  } finally {
    // Nothing was written: a failing close loses nothing.
    await source.close().catch(() => {});
  }
}

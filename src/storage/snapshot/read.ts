import { errnoNext, errnoText } from '../../base/errno.ts';
import type { WalqError } from '../../base/errors.ts';
import { damageError, ioError, isFsError, newerError } from '../../base/errors.ts';
import type { Finding } from '../../base/finding.ts';
import { worstSeverity } from '../../base/finding.ts';
import type { File } from '../../fs/types.ts';
import type { SnapshotCheck, SnapshotSummary, StorageEnv } from '../types.ts';
import type { SnapshotHeader } from './codec.ts';
import { shownSnapshotName } from './name.ts';
import { scanHeader, scanSnapshot } from './scan.ts';
import type { ByteSource } from './source.ts';

export interface CheckOptions {
  /** How findings and the summary name the file, relative to what the user named. */
  relativeName: string;
  /** The store it must belong to (32 hex digits); unchecked when absent. */
  storeId?: string;
}

/**
 * Reads and judges a whole snapshot, with memory bounded by two of its blocks. Never throws on damage: `findings` says
 * what is wrong, and
 * `summary` is there if and only if there are none. A name of the store's form must carry the header's seq.
 * Rejects with E_READ when the disk refuses (EIO, EACCES, EMFILE, ENOENT, ...): that is not damage.
 */
export function checkSnapshot(env: StorageEnv, path: string, options: CheckOptions): Promise<SnapshotCheck> {
  const { relativeName, storeId } = options;
  return withFile(env, path, (source) =>
    scanSnapshot(source, { file: relativeName, ...(storeId !== undefined && { storeId }) }),
  );
}

/**
 * Hands out the entries of a snapshot in order, and its summary at the end. Each entry is valid during the call only.
 *
 * Entries are handed out block by block, as each block's checksum holds, but only the footer at the very end proves the
 * whole: build a
 * FRESH state from them and throw it away when this rejects.
 *
 * Rejects with the first finding as a damage error (its code, the finding in `data.finding`; E_NEWER_FORMAT exits 5),
 * with E_READ when
 * the disk refuses, and with whatever `onEntry` throws, unchanged.
 */
export async function readSnapshot(
  env: StorageEnv,
  path: string,
  onEntry: (entry: Uint8Array) => void,
  options: Partial<CheckOptions> = {},
): Promise<SnapshotSummary> {
  const { relativeName: file = shownSnapshotName(path), storeId } = options;
  const check = await withFile(env, path, (source) =>
    scanSnapshot(source, { file, onEntry, ...(storeId !== undefined && { storeId }) }),
  );
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

/** The worst of at least one finding as the error to throw where damage is not an answer but the end. */
export function findingError(findings: readonly Finding[]): WalqError {
  const worst = worstSeverity(findings);
  const finding = findings.find((each) => each.severity === worst);
  if (finding === undefined) throw new Error('assertion failed: there is a finding');
  const { code, file, offset, message, got, expected } = finding;
  const values = got === undefined ? '' : `, got ${got}${expected === undefined ? '' : `, expected ${expected}`}`;
  const text = `${file}: ${message}${offset === undefined ? '' : ` at offset ${offset}`}${values}`;
  return finding.severity === 'newer'
    ? newerError(code, text, { data: { finding } })
    : damageError(code, text, { data: { finding } });
}

async function withFile<T>(env: StorageEnv, path: string, use: (source: ByteSource) => Promise<T>): Promise<T> {
  // Asked first, because opening a pipe that nobody writes to would wait for ever.
  const info = await reading(path, () => env.fs.stat(path));
  if (info !== undefined && info.kind !== 'file') {
    throw ioError('E_READ', `${path}: not a file but a ${info.kind}`, { data: { path } });
  }
  const file = await reading(path, () => env.fs.open(path, 'r'));
  try {
    return await use(await fileSource(file, path));
  } finally {
    // Nothing was written: a failing close loses nothing.
    await file.close().catch(() => {});
  }
}

async function fileSource(file: File, path: string): Promise<ByteSource> {
  return {
    size: await reading(path, () => file.size()),
    read: (buffer, position) => reading(path, () => file.read(buffer, position)),
  };
}

async function reading<T>(path: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (cause) {
    if (!isFsError(cause)) throw cause;
    throw ioError('E_READ', `cannot read ${path}: ${errnoText(cause.code)}`, {
      cause,
      data: { path, errno: cause.code },
      ...errnoNext(cause.code),
    });
  }
}

import { ioError, type WalqError } from '../base/errors.ts';
import type { Finding } from '../base/finding.ts';
import { join } from '../base/path.ts';
import { writeError } from '../fs/failure.ts';
import { makeFolder, removeTree } from '../fs/folder.ts';
import { readInto } from '../fs/read.ts';
import type { File } from '../fs/types.ts';
import { writeAtomic, writeFully } from '../fs/write.ts';
import { type BackupSource, openBackupSource } from './backup-source.ts';
import { raced, racesMax } from './beside-writer.ts';
import { headFileName, walFolder } from './folder.ts';
import { makeWhole, refusePlace } from './new-folder.ts';
import { refuseDamage } from './open.ts';
import { type StoreReport, verifyStore } from './read.ts';
import { replayTo } from './replay.ts';
import { hashEntries } from './snapshot/hash.ts';
import { snapshotFolder } from './snapshot/name.ts';
import { writeStoreFile } from './store-file.ts';
import type { StateMachine, StorageEnv, Verdict } from './types.ts';
import { encodeHeadFile } from './wal/head.ts';

export interface BackupResult {
  storeId: string;
  /** Last seq in the copy. */
  seqLast: number;
  segments: number;
  snapshots: number;
  bytes: number;
  /** Hex SHA-256 of the state that the copy gives. */
  stateHash: string;
  /** Of the store that was copied: a torn write at its end and bad snapshots are not in the copy. */
  verdict: Verdict;
  findings: Finding[];
}

/**
 * Copies a store, beside its writer if there is one, into a new folder: the state as it was answered when it began, or
 * later. The folder has its name only when the copy is whole, on disk, verified, and gives a state. Takes no lock and
 * writes nothing in the store. Rejects with the damage of the store (3, 5), E_NO_STORE (1), E_PLACE, E_UNFINISHED (7),
 * E_RACE (1), E_BACKUP_COPY, E_READ, E_IO, E_NO_SPACE (74); then nothing was made.
 */
export async function backupStore(
  env: StorageEnv,
  storeDir: string,
  dir: string,
  make: () => StateMachine,
  progress: (bytes: number) => void = () => {},
): Promise<BackupResult> {
  await refusePlace(env, dir, storeDir);
  const report = await soundSource(env, storeDir, progress);
  return await makeWhole(env, dir, (temp) => fill(env, storeDir, temp, report, make, progress));
}

async function soundSource(
  env: StorageEnv,
  storeDir: string,
  progress: (bytes: number) => void = () => {},
): Promise<StoreReport> {
  const report = await verifyStore(env, storeDir, { progress });
  refuseDamage(storeDir, report.findings);
  return report;
}

async function fill(
  env: StorageEnv,
  storeDir: string,
  temp: string,
  first: StoreReport,
  make: () => StateMachine,
  progress: (bytes: number) => void,
): Promise<BackupResult> {
  let report = first;
  let badCopies = 0;
  for (let attempt = 1; attempt <= racesMax; attempt++) {
    const copied = await copyOnce(env, storeDir, temp, report, progress);
    if (copied !== undefined) {
      const { head, bytes } = copied;
      const check = await verifyStore(env, temp, { progress });
      const fault = check.findings.find((finding) => finding.severity !== 'note');
      // A cleaning between listing and opening may have left the copy without a snapshot to stand on.
      if (fault !== undefined && fault.severity !== 'no-base' && ++badCopies > 1) throw badCopy(temp, fault);
      if (fault === undefined) {
        const { machine } = await replayTo(env, temp, make);
        return {
          storeId: head.storeId,
          seqLast: head.seqLast,
          segments: check.segments.length,
          snapshots: check.snapshots.length,
          bytes,
          stateHash: hashEntries(machine.cut()),
          verdict: report.verdict,
          findings: report.findings.filter((finding) => finding.severity !== 'note'),
        };
      }
    }
    await env.clock.sleep(10 * attempt);
    for (const name of await env.fs.readdir(temp)) await removeEntry(env, join(temp, name));
    report = await soundSource(env, storeDir);
  }
  throw raced(storeDir);
}

/** Undefined when the store changed under us in a way that makes a copy worthless. */
async function copyOnce(
  env: StorageEnv,
  storeDir: string,
  temp: string,
  report: StoreReport,
  progress: (bytes: number) => void,
): Promise<{ head: BackupSource['head']; bytes: number } | undefined> {
  const bad = report.snapshots.filter((check) => check.summary === undefined).map(({ file }) => file);
  const misfits = report.findings.filter(({ severity }) => severity === 'degraded').map(({ file }) => file);
  const source = await openBackupSource(env, storeDir, new Set([...bad, ...misfits]));
  if (source === undefined) return undefined;
  try {
    for (const folder of [walFolder, snapshotFolder]) await makeFolder(env.fs, join(temp, folder));
    let bytes = 0;
    for (const part of source.files) {
      if (!(await copyFile(env, part, join(temp, part.file)))) return undefined;
      bytes += part.bytes;
      progress(bytes);
    }
    for (const folder of [walFolder, snapshotFolder]) await env.fs.syncDir(join(temp, folder));
    await writeAtomic(env.fs, temp, headFileName, encodeHeadFile(source.head));
    await writeStoreFile(env.fs, temp, source.identity);
    return { head: source.head, bytes };
  } finally {
    await source.close();
  }
}

const chunkBytes = 1024 * 1024;

/** False when the file has become shorter than it was. */
async function copyFile(
  env: StorageEnv,
  { source, bytes }: BackupSource['files'][number],
  path: string,
): Promise<boolean> {
  const chunk = new Uint8Array(Math.min(bytes, chunkBytes));
  let file: File | undefined;
  try {
    file = await env.fs.open(path, 'wx');
    for (let done = 0; done < bytes; ) {
      const part = chunk.subarray(0, Math.min(chunk.length, bytes - done));
      if ((await readInto(source, part, done)) < part.length) return false;
      await writeFully(file, part, done);
      done += part.length;
    }
    await file.datasync();
    return true;
  } catch (error) {
    throw writeError(path, error);
  } finally {
    await file?.close();
  }
}

async function removeEntry(env: StorageEnv, path: string): Promise<void> {
  if ((await env.fs.lstat(path))?.kind === 'folder') await removeTree(env.fs, path);
  else await env.fs.unlink(path);
}

function badCopy(temp: string, finding: Finding): WalqError {
  const text = `the store is sound, but its copy in ${temp} does not read back so: ${finding.file}: ${finding.message}`;
  return ioError('E_BACKUP_COPY', text, { data: { finding }, next: 'look at the disk of the backup, or name another' });
}

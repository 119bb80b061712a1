import { createHash } from 'node:crypto';
import { hasErrno } from '../../base/errors.ts';
import { join } from '../../base/path.ts';
import type { FileSystem } from '../../fs/types.ts';

/** What one attempt printed. */
export interface LogFileInfo {
  path: string;
  dispatchSeq: number;
  /** Which attempt of the job, from 1. */
  attempt: number;
  /** As of the look: it may still be written. */
  bytes: number;
}

const folderName = 'logs';
const idDigits = 16;

/** Ids may hold anything, names of files may not: the first digits of a hash stand for the id. */
function prefixOf(id: string): string {
  return createHash('sha256').update(id).digest('hex').slice(0, idDigits);
}

/**
 * The log files of a job, `logs/<hash of the id>-<seq of the DISPATCH>-<attempt>.log`, oldest attempt first. An attempt
 * that printed nothing has none. Rejects with what the file system says.
 */
export async function logFilesOf(fs: FileSystem, storeDir: string, id: string): Promise<LogFileInfo[]> {
  const folder = join(storeDir, folderName);
  const pattern = new RegExp(`^${prefixOf(id)}-(\\d{1,16})-(\\d{1,16})\\.log$`);
  const files: LogFileInfo[] = [];
  for (const name of await namesIn(fs, folder)) {
    const [, seq, attempt] = pattern.exec(name) ?? [];
    if (seq === undefined || attempt === undefined) continue;
    const path = join(folder, name);
    // Removed meanwhile, or something else under the name of a log: none of ours.
    const info = await fs.lstat(path);
    if (info?.kind === 'file')
      files.push({ path, dispatchSeq: Number(seq), attempt: Number(attempt), bytes: info.size });
  }
  return files.sort((a, b) => a.dispatchSeq - b.dispatchSeq);
}

async function namesIn(fs: FileSystem, folder: string): Promise<string[]> {
  try {
    return await fs.readdir(folder);
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return [];
    throw error;
  }
}

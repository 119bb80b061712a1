import { hasErrno, refusedError, usageError } from '../../base/errors.ts';
import { baseName, parentOf } from '../../base/path.ts';
import { shellWord } from '../../base/shell-word.ts';
import type { FileSystem } from '../../fs/types.ts';
import { removeIfThere, writeError, writeFully } from '../../storage/files.ts';
import type { Session } from '../session.ts';

const chunkBytes = 1024 * 1024;

/** What may be where the page is to go. Asked before anything is read, and again before it takes its place. */
export async function refuseTarget(fs: FileSystem, path: string, force: boolean): Promise<void> {
  const info = await fs.lstat(path);
  const data = { file: path };
  if (info !== undefined && info.kind !== 'file') {
    throw usageError('E_USAGE', `--output: ${path} is not a file that could be written`, { data });
  }
  if (info !== undefined && !force) {
    const next = `add --force, or name another file: walq report -o ${shellWord(`new-${baseName(path)}`)}`;
    throw refusedError('E_FILE_EXISTS', `${path} is there already; it is not overwritten`, { data, next });
  }
  const folder = folderOf(path);
  if ((await fs.stat(folder))?.kind !== 'folder') {
    throw usageError('E_USAGE', `--output: there is no folder ${folder}`, { data });
  }
}

/**
 * Temp file, sync, rename, folder sync: the page is there whole, or not at all. INT and TERM while it is written take
 * the temp file away; `stopped` is then the exit code for it. Rejects with E_FILE_EXISTS (7), E_NO_SPACE, E_IO (74).
 */
export async function writePage(
  session: Session,
  path: string,
  pieces: Iterable<string>,
  force: boolean,
): Promise<{ bytes: number; stopped?: 130 | 143 }> {
  const { fs } = session.context.env;
  const temp = `${path}.tmp`;
  let stopped: 130 | 143 | undefined;
  session.takeSignals();
  const onInterrupt = (): void => {
    stopped ??= 130;
  };
  const onTerminate = (): void => {
    stopped ??= 143;
  };
  process.on('SIGINT', onInterrupt);
  process.on('SIGTERM', onTerminate);
  try {
    if (force) await removeIfThere(fs, temp);
    const bytes = await writeTemp(fs, temp, pieces, () => stopped !== undefined);
    try {
      if (stopped === undefined) await refuseTarget(fs, path, force);
      if (stopped === undefined) await fs.rename(temp, path);
    } finally {
      await removeIfThere(fs, temp);
    }
    await fs.syncDir(folderOf(path));
    return { bytes, ...(stopped !== undefined && { stopped }) };
  } catch (error) {
    throw writeError(path, error);
  } finally {
    process.off('SIGINT', onInterrupt);
    process.off('SIGTERM', onTerminate);
  }
}

async function writeTemp(
  fs: FileSystem,
  temp: string,
  pieces: Iterable<string>,
  isStopped: () => boolean,
): Promise<number> {
  const file = await fs.open(temp, 'wx').catch((error: unknown) => {
    if (!hasErrno(error, 'EEXIST')) throw error;
    throw refusedError('E_FILE_EXISTS', `${temp} is there already; it is not overwritten`, {
      data: { file: temp },
      next: `rm ${shellWord(temp)}, if no other report is being written`,
    });
  });
  let at = 0;
  let whole = false;
  try {
    for (const piece of pieces) {
      const bytes = Buffer.from(piece);
      for (let from = 0; from < bytes.length && !isStopped(); from += chunkBytes) {
        const chunk = bytes.subarray(from, from + chunkBytes);
        await writeFully(file, chunk, at);
        at += chunk.length;
      }
    }
    await file.datasync();
    whole = true;
  } finally {
    await file.close();
    if (!whole) await removeIfThere(fs, temp);
  }
  return at;
}

function folderOf(path: string): string {
  return path.includes('/') ? parentOf(path) : '.';
}

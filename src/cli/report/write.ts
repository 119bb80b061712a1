import { refusedError, usageError } from '../../base/errors.ts';
import { baseName, parentOf } from '../../base/path.ts';
import { refuseFile, writeNewFile } from '../../commands/out-file.ts';
import { removeIfThere } from '../../fs/gone.ts';
import { placeError } from '../../fs/place.ts';
import { writeAtomic } from '../../fs/write.ts';
import type { Session } from '../session.ts';

const flag = '--output';

/** Before anything is read: E_FILE_EXISTS (7) for a file that is there, E_USAGE (2) for what no file can be put over. */
export async function refuseTarget({ context }: Session, path: string, force: boolean): Promise<void> {
  // ENOTDIR and the like are refused there, in the words for all files that are written.
  const info = await context.env.fs.lstat(path).catch(() => undefined);
  if (info === undefined || info.kind === 'folder') return await refuseFile(context, path, flag);
  if (info.kind === 'file' && force) return;
  if (info.kind === 'file') {
    throw refusedError('E_FILE_EXISTS', `${path} is there already; it is not overwritten`, {
      data: { file: path },
      next: 'the same with --force writes over it',
    });
  }
  throw usageError('E_USAGE', `${flag}: ${path} is there, and is no file that could be written over`, {
    data: { file: path },
  });
}

/** The page has its name only when it is whole and on disk. Throws E_FILE_EXISTS (7), E_NO_SPACE, E_IO (74). */
export async function writePage({ context }: Session, path: string, page: Buffer, force: boolean): Promise<void> {
  if (!force) return await writeNewFile(context, path, page, flag);
  const { fs } = context.env;
  try {
    await writeAtomic(fs, parentOf(path), baseName(path), page);
  } catch (error) {
    await removeIfThere(fs, `${path}.tmp`).catch(() => undefined);
    throw placeError(path, error);
  }
}

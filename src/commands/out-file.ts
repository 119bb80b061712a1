import { refusedError, usageError } from '../base/errors.ts';
import { baseName, parentOf } from '../base/path.ts';
import { shellWord } from '../base/shell-word.ts';
import { removeIfThere, writeAtomic, writeError } from '../storage/files.ts';
import type { CommandContext } from './context.ts';

/** Throws E_FILE_EXISTS (7) for a file that is there, E_USAGE (2) where there is no folder for it. */
export async function refuseFile({ env: { fs } }: CommandContext, path: string, flag: string): Promise<void> {
  for (const there of [path, `${path}.tmp`]) {
    if ((await fs.lstat(there)) === undefined) continue;
    throw refusedError('E_FILE_EXISTS', `${there} is there already; it is not overwritten`, {
      data: { file: there },
      ...(there === path ? {} : { next: `rm ${shellWord(there)}, if nothing is writing it` }),
    });
  }
  const folder = parentOf(path);
  if ((await fs.stat(folder))?.kind === 'folder') return;
  throw usageError('E_USAGE', `${flag}: there is no folder ${folder}`, { data: { file: path } });
}

/** A file that has its name only when it is whole and on disk. Throws as `refuseFile` does, and E_NO_SPACE, E_IO (74). */
export async function writeNewFile(
  context: CommandContext,
  path: string,
  bytes: Uint8Array,
  flag: string,
): Promise<void> {
  const { fs } = context.env;
  await refuseFile(context, path, flag);
  const temp = `${path}.tmp`;
  try {
    await writeAtomic(fs, parentOf(path), baseName(path), bytes);
  } catch (error) {
    await removeIfThere(fs, temp).catch(() => undefined);
    throw writeError(path, error);
  }
}

import { hasErrno } from '../base/errors.ts';
import type { FileSystem } from './types.ts';
import { copyStretch, writeTemp } from './write.ts';

/** Of file systems without hard links, exFAT and many network and container mounts, and of files that are not ours. */
const noHardLinks = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EXDEV'];

/**
 * Gives a file a second name; where that cannot be, the name gets a copy that is on disk. EEXIST when the name is
 * taken. Neither the name nor the first one is durable before a sync of the folder.
 */
export async function linkOrCopy(fs: FileSystem, from: string, to: string): Promise<void> {
  try {
    await fs.link(from, to);
  } catch (error) {
    if (!hasErrno(error, ...noHardLinks)) throw error;
    await copy(fs, from, to);
  }
}

async function copy(fs: FileSystem, from: string, to: string): Promise<void> {
  const source = await fs.open(from, 'r');
  try {
    const bytes = await source.size();
    await writeTemp(fs, `${to}.tmp`, (file) => copyStretch(source, 0, bytes, file, 0));
    await fs.rename(`${to}.tmp`, to);
  } finally {
    await source.close();
  }
}

import { ioError } from '../base/errors.ts';
import { readError } from '../fs/failure.ts';
import type { FileSystem } from '../fs/types.ts';

/**
 * A store is one folder: what a copy, a backup or a lock of it covers must not lie elsewhere. Its own path may lead
 * through links, nothing inside it. Rejects with E_READ; a missing folder is fine.
 */
export async function refuseLink(fs: FileSystem, path: string): Promise<void> {
  const info = await fs.lstat(path).catch((error: unknown) => {
    throw readError(path, error);
  });
  if (info === undefined || info.kind === 'folder') return;
  const what = info.kind === 'link' ? 'it is a link' : 'it is not a folder';
  throw ioError('E_READ', `cannot read ${path}: ${what}`, { data: { file: path, kind: info.kind } });
}

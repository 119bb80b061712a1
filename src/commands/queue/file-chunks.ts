import { hasErrno, notFoundError, usageError } from '../../base/errors.ts';
import type { FileSystem } from '../../fs/types.ts';
import { openSource } from '../../storage/files.ts';

const chunkBytes = 256 * 1024;

/** A file in chunks. Throws E_NO_FILE (1), E_WRONG_TARGET (2), E_READ (74). */
export async function* fileChunks(fs: FileSystem, path: string): AsyncGenerator<Uint8Array> {
  const kind = (await fs.stat(path))?.kind ?? 'file';
  if (kind !== 'file') {
    const what = kind === 'folder' ? 'a folder' : 'a pipe, socket or device';
    throw usageError('E_WRONG_TARGET', `${path} is ${what}, not a file`, {
      data: { file: path },
      next: 'walq queue enqueue -f - reads standard input',
    });
  }
  const source = await openSource(fs, path, { follow: true }).catch((error: unknown) => {
    if (hasErrno(error, 'ENOENT')) throw notFoundError('E_NO_FILE', `no file ${path}`, { data: { file: path } });
    throw error;
  });
  try {
    for (let position = 0; ; ) {
      const chunk = new Uint8Array(chunkBytes);
      const got = await source.read(chunk, position);
      if (got === 0) return;
      yield chunk.subarray(0, got);
      position += got;
    }
  } finally {
    await source.close();
  }
}

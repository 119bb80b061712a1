import { hasErrno, notFoundError, usageError, type WalqError } from '../../base/errors.ts';
import { readingAll } from '../../fs/failure.ts';
import { openSource } from '../../fs/read.ts';
import type { FileSystem } from '../../fs/types.ts';
import type { CommandContext } from '../context.ts';

const chunkBytes = 256 * 1024;

/** Where files come from. */
export interface ChunkSource {
  fs: FileSystem;
  pipe: CommandContext['pipe'];
}

/** A file, or a pipe that stands under that name, in chunks. Throws E_NO_FILE (1), E_WRONG_TARGET (2), E_READ (74). */
export async function* chunksOf({ fs, pipe }: ChunkSource, path: string): AsyncGenerator<Uint8Array> {
  const kind = (await fs.stat(path))?.kind ?? 'file';
  if (kind === 'folder') {
    throw usageError('E_WRONG_TARGET', `${path} is a folder, not a file`, {
      data: { file: path },
      next: 'name a file in it, or another one',
    });
  }
  yield* kind === 'file' ? fileChunks(fs, path) : readingAll(path, pipe(path));
}

async function* fileChunks(fs: FileSystem, path: string): AsyncGenerator<Uint8Array> {
  const source = await openSource(fs, path, { follow: true }).catch((error: unknown) => {
    throw hasErrno(error, 'ENOENT') ? noFile(path) : error;
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

function noFile(path: string): WalqError {
  return notFoundError('E_NO_FILE', `no file ${path}`, { data: { file: path } });
}

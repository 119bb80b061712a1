import { hasErrno, ioError } from '../base/errors.ts';
import type { ByteSource } from '../base/source.ts';
import { readError, reading } from './failure.ts';
import type { File, FileSystem } from './types.ts';

export interface OpenSource extends ByteSource {
  readonly size: number;
  close(): Promise<void>;
}

/**
 * A file as a byte source. `size` is as it was at the opening; reads may find more. A symbolic link is refused unless
 * `follow` says that the user named it. Rejects with E_READ; ENOENT passes through.
 */
export async function openSource(
  fs: FileSystem,
  path: string,
  options: { follow?: boolean } = {},
): Promise<OpenSource> {
  let file: File | undefined;
  try {
    file = await fs.open(path, 'r', { nofollow: options.follow !== true });
    const opened = file;
    const { kind, size } = await file.info();
    if (kind !== 'file') {
      const what = kind === 'folder' ? 'a folder' : 'a pipe, socket or device';
      throw ioError('E_READ', `cannot read ${path}: it is ${what}, not a file`, { data: { file: path, kind } });
    }
    return {
      size,
      read: (buffer, position) => reading(path, () => opened.read(buffer, position)),
      close: () => reading(path, () => opened.close()),
    };
  } catch (error) {
    await file?.close();
    throw hasErrno(error, 'ENOENT') ? error : readError(path, error);
  }
}

/** The same, but `undefined` when no file is there. */
export async function openIfThere(fs: FileSystem, path: string): Promise<OpenSource | undefined> {
  try {
    return await openSource(fs, path);
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/**
 * The whole of a small file, or `undefined` when it is not there. Never more than `bytesMax` (then it is cut, and
 * longer by one).
 */
export async function readSmall(fs: FileSystem, path: string, bytesMax: number): Promise<Uint8Array | undefined> {
  const source = await openIfThere(fs, path);
  if (source === undefined) return undefined;
  try {
    const bytes = new Uint8Array(Math.min(source.size, bytesMax + 1));
    return bytes.subarray(0, await readInto(source, bytes, 0));
  } finally {
    await source.close();
  }
}

/** Fills `buffer` from `position` on as far as the source has bytes; a short read is read on. */
export async function readInto(
  source: Pick<ByteSource, 'read'>,
  buffer: Uint8Array,
  position: number,
): Promise<number> {
  let done = 0;
  while (done < buffer.length) {
    const got = await source.read(buffer.subarray(done), position + done);
    if (got === 0) break;
    done += got;
  }
  return done;
}

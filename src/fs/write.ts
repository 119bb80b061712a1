import { assert } from '../base/errors.ts';
import { join } from '../base/path.ts';
import type { ByteSource } from '../base/source.ts';
import { removeIfThere } from './gone.ts';
import { readInto } from './read.ts';
import type { File, FileSystem } from './types.ts';

/** Writes all of `bytes` at `position`; a short write is written on, a write of nothing is an error. */
export async function writeFully(file: File, bytes: Uint8Array, position: number): Promise<void> {
  let done = 0;
  while (done < bytes.length) {
    const wrote = await file.write(bytes.subarray(done), position + done);
    if (wrote === 0) throw Object.assign(new Error('write wrote nothing'), { code: 'EIO' });
    done += wrote;
  }
}

const copyBytes = 1024 * 1024;

/** Copies a stretch of one file into another, or writes it again where it is. The source does not shrink meanwhile. */
export async function copyStretch(
  source: Pick<ByteSource, 'read'>,
  from: number,
  bytes: number,
  file: File,
  to: number,
): Promise<void> {
  const chunk = new Uint8Array(Math.min(bytes, copyBytes));
  for (let done = 0; done < bytes; ) {
    const part = chunk.subarray(0, Math.min(chunk.length, bytes - done));
    const got = await readInto(source, part, from + done);
    assert(got === part.length, 'a file does not shrink under its lock');
    await writeFully(file, part, to + done);
    done += got;
  }
}

/** Temp file, sync, rename, folder sync: after it returns the file is there whole, before that it is not there. */
export async function writeAtomic(fs: FileSystem, folder: string, name: string, bytes: Uint8Array): Promise<void> {
  const path = join(folder, name);
  await writeTemp(fs, `${path}.tmp`, (file) => writeFully(file, bytes, 0));
  await fs.rename(`${path}.tmp`, path);
  await fs.syncDir(folder);
}

/** A new file under a temp name, on disk; taken away again when that fails, since the disk may be full. */
export async function writeTemp(fs: FileSystem, temp: string, fill: (file: File) => Promise<void>): Promise<void> {
  await removeIfThere(fs, temp);
  const file = await fs.open(temp, 'wx');
  try {
    try {
      await fill(file);
      await file.datasync();
    } finally {
      await file.close();
    }
  } catch (error) {
    await removeIfThere(fs, temp).catch(() => false);
    throw error;
  }
}

import type { ByteSource } from '../base/source.ts';
import { join, makeFolder, readInto, refuseLink, removeIfThere, writeFully } from './files.ts';
import { quarantineFolder } from './folder.ts';
import type { StorageEnv } from './types.ts';

/**
 * Copies a stretch of a damaged file into `quarantine/`, synced, before anything is cut off. Never overwrites and is
 * never deleted by the tool: a second copy of the same stretch gets a number. Returns the file's name.
 */
export async function quarantineBytes(
  env: StorageEnv,
  storeDir: string,
  stem: string,
  source: ByteSource,
  offset: number,
  bytes: number,
): Promise<string> {
  const folder = join(storeDir, quarantineFolder);
  if (await makeFolder(env.fs, folder)) await env.fs.syncDir(storeDir);
  else await refuseLink(env.fs, folder);
  const name = await freeName(env, folder, stem);
  const temp = join(folder, `${name}.tmp`);
  await removeIfThere(env.fs, temp);
  const file = await env.fs.open(temp, 'wx');
  try {
    const chunk = new Uint8Array(Math.min(bytes, 1024 * 1024));
    for (let done = 0; done < bytes; ) {
      const part = chunk.subarray(0, Math.min(chunk.length, bytes - done));
      const got = await readInto(source, part, offset + done);
      if (got === 0) break;
      await writeFully(file, part.subarray(0, got), done);
      done += got;
    }
    await file.datasync();
  } finally {
    await file.close();
  }
  await env.fs.rename(temp, join(folder, name));
  await env.fs.syncDir(folder);
  return name;
}

async function freeName(env: StorageEnv, folder: string, stem: string): Promise<string> {
  for (let number = 1; ; number++) {
    const name = number === 1 ? stem : `${stem}.${number}`;
    if ((await env.fs.lstat(join(folder, name))) === undefined) return name;
  }
}

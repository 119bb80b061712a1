import { baseName, join } from '../base/path.ts';
import type { ByteSource } from '../base/source.ts';
import { makeFolder } from '../fs/folder.ts';
import { removeIfThere } from '../fs/gone.ts';
import { linkOrCopy } from '../fs/link-or-copy.ts';
import { copyStretch, writeTemp } from '../fs/write.ts';
import { quarantineFolder } from './folder.ts';
import { refuseLink } from './refuse-link.ts';
import type { StorageEnv } from './types.ts';

/** The folder of what was set aside, made if need be and its name on disk. Rejects with E_READ where a link stands. */
export async function makeQuarantine(env: StorageEnv, storeDir: string): Promise<string> {
  const folder = join(storeDir, quarantineFolder);
  if (await makeFolder(env.fs, folder)) await env.fs.syncDir(storeDir);
  else await refuseLink(env.fs, folder);
  return folder;
}

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
  const folder = await makeQuarantine(env, storeDir);
  const name = await freeName(env, folder, stem);
  const temp = join(folder, `${name}.tmp`);
  await writeTemp(env.fs, temp, (file) => copyStretch(source, offset, bytes, file, 0));
  try {
    await env.fs.rename(temp, join(folder, name));
    await env.fs.syncDir(folder);
  } catch (error) {
    // What it is a copy of stays as it is.
    for (const left of [temp, join(folder, name)]) await removeIfThere(env.fs, left).catch(() => false);
    throw error;
  }
  return name;
}

/** The name that a whole file will have in `quarantine/`. */
export async function quarantineName(env: StorageEnv, storeDir: string, file: string): Promise<string> {
  return await freeName(env, await makeQuarantine(env, storeDir), baseName(file));
}

/**
 * Gives a whole file that second name, on disk, just before its own is taken away: for longer it must not have both,
 * since a writer that comes after a crash would write to what is kept, too.
 */
export async function quarantineFile(env: StorageEnv, storeDir: string, file: string, name: string): Promise<void> {
  const folder = join(storeDir, quarantineFolder);
  await linkOrCopy(env.fs, join(storeDir, file), join(folder, name));
  await env.fs.syncDir(folder);
}

async function freeName(env: StorageEnv, folder: string, stem: string): Promise<string> {
  for (let number = 1; ; number++) {
    const name = number === 1 ? stem : `${stem}.${number}`;
    if ((await env.fs.lstat(join(folder, name))) === undefined) return name;
  }
}

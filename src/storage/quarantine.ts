import { baseName, join } from '../base/path.ts';
import type { ByteSource } from '../base/source.ts';
import { copyStretch, makeFolder, refuseLink, removeIfThere } from './files.ts';
import { quarantineFolder } from './folder.ts';
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
  await removeIfThere(env.fs, temp);
  const file = await env.fs.open(temp, 'wx');
  try {
    await copyStretch(source, offset, bytes, file, 0);
    await file.datasync();
  } finally {
    await file.close();
  }
  await env.fs.rename(temp, join(folder, name));
  await env.fs.syncDir(folder);
  return name;
}

/**
 * Gives a whole file a second name in `quarantine/`, before its own is taken away. Returns that name, which is on disk
 * once the journal is that names it.
 */
export async function quarantineFile(env: StorageEnv, storeDir: string, file: string): Promise<string> {
  const folder = await makeQuarantine(env, storeDir);
  const name = await freeName(env, folder, baseName(file));
  await env.fs.link(join(storeDir, file), join(folder, name));
  return name;
}

async function freeName(env: StorageEnv, folder: string, stem: string): Promise<string> {
  for (let number = 1; ; number++) {
    const name = number === 1 ? stem : `${stem}.${number}`;
    if ((await env.fs.lstat(join(folder, name))) === undefined) return name;
  }
}

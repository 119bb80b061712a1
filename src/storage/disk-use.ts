import { join } from '../base/path.ts';
import { listWal, walFolder } from './folder.ts';
import type { StorageEnv } from './types.ts';

/** Segments of a log and their bytes on disk. One that is removed meanwhile does not count. */
export async function logSize(env: StorageEnv, storeDir: string): Promise<{ segments: number; bytes: number }> {
  const { segments } = await listWal(env, join(storeDir, walFolder));
  const infos = await Promise.all(segments.map(({ name }) => env.fs.lstat(join(storeDir, walFolder, name))));
  const there = infos.filter((info) => info !== undefined);
  return { segments: there.length, bytes: there.reduce((sum, info) => sum + info.size, 0) };
}

import { join } from '../base/path.ts';
import type { FileSystem } from '../fs/types.ts';
import { withOpen, withRead } from '../fs/wrapped.ts';
import type { StorageEnv } from './types.ts';
import { type Flip, patchedSource } from './wal/patched-source.ts';

/** What a repair would change, by path. */
export interface Changed {
  /** Bits that are turned. */
  flips?: ReadonlyMap<string, readonly Flip[]>;
  /** Files that are gone. */
  without?: ReadonlySet<string>;
}

/** The store as it would be then, for reading. */
export function changedView(env: StorageEnv, { flips, without }: Changed): StorageEnv {
  const { fs } = env;
  const opened = withOpen(fs, async (path, mode, options) => {
    const file = await fs.open(path, mode, options);
    const own = flips?.get(path);
    if (own === undefined) return file;
    return withRead(file, patchedSource({ read: (buffer, position) => file.read(buffer, position) }, own).read);
  });
  const readdir: FileSystem['readdir'] = async (path) =>
    (await fs.readdir(path)).filter((name) => without?.has(join(path, name)) !== true);
  return { ...env, fs: { ...opened, readdir } };
}

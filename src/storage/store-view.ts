import { join } from '../base/path.ts';
import type { File, FileSystem } from '../fs/types.ts';
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
  const view: FileSystem = {
    async open(path, mode, options) {
      const file = await fs.open(path, mode, options);
      const own = flips?.get(path);
      return own === undefined ? file : patchedFile(file, own);
    },
    mkdir: (path) => fs.mkdir(path),
    readdir: async (path) => (await fs.readdir(path)).filter((name) => without?.has(join(path, name)) !== true),
    lstat: (path) => fs.lstat(path),
    stat: (path) => fs.stat(path),
    rename: (from, to) => fs.rename(from, to),
    link: (from, to) => fs.link(from, to),
    unlink: (path) => fs.unlink(path),
    rmdir: (path) => fs.rmdir(path),
    syncDir: (path) => fs.syncDir(path),
  };
  return { ...env, fs: view };
}

function patchedFile(file: File, flips: readonly Flip[]): File {
  const { read } = patchedSource({ read: (buffer, position) => file.read(buffer, position) }, flips);
  return {
    read,
    write: (buffer, position) => file.write(buffer, position),
    writeSync: (buffer, position) => file.writeSync(buffer, position),
    datasync: () => file.datasync(),
    datasyncSync: () => file.datasyncSync(),
    truncate: (size) => file.truncate(size),
    size: () => file.size(),
    info: () => file.info(),
    tryLock: (offset, length) => file.tryLock(offset, length),
    close: () => file.close(),
  };
}

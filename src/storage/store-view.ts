import { join } from '../base/path.ts';
import type { FileSystem } from '../fs/types.ts';
import { withOpen, withRead, withSize } from '../fs/wrapped.ts';
import type { StorageEnv } from './types.ts';
import { type Displaced, putBack } from './wal/displaced.ts';
import { type Flip, patchedSource } from './wal/patched-source.ts';

/** What a repair would change, by path. */
export interface Changed {
  /** Bits that are turned. */
  flips?: ReadonlyMap<string, readonly Flip[]>;
  /** Displaced frames, which then stand where they were written. */
  displaced?: ReadonlyMap<string, readonly Displaced[]>;
  /** Files that are gone. */
  without?: ReadonlySet<string>;
}

/** The store as it would be then, for reading. */
export function changedView(env: StorageEnv, { flips, displaced, without }: Changed): StorageEnv {
  const { fs } = env;
  const opened = withOpen(fs, async (path, mode, options) => {
    const file = await fs.open(path, mode, options);
    const [own, stretches] = [flips?.get(path), displaced?.get(path)];
    const source = { read: (buffer: Uint8Array, position: number) => file.read(buffer, position) };
    if (stretches !== undefined) {
      const { read, size } = putBack(source, await file.size(), stretches);
      return withSize(withRead(file, read), size);
    }
    return own === undefined ? file : withRead(file, patchedSource(source, own).read);
  });
  const readdir: FileSystem['readdir'] = async (path) =>
    (await fs.readdir(path)).filter((name) => without?.has(join(path, name)) !== true);
  return { ...env, fs: { ...opened, readdir } };
}

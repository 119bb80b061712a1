import { join } from '../../base/path.ts';
import { listFolder } from '../../fs/folder.ts';
import type { FileSystem } from '../../fs/types.ts';

export interface FileFact {
  /** Relative to the store. */
  file: string;
  kind: 'file' | 'folder' | 'link' | 'other';
  bytes: number;
  mtimeMs: number;
}

/** Logs of attempts are many, and hold what jobs wrote. */
const leftOut = new Set(['logs']);

/** Everything below the store, by name; what goes meanwhile is left out. */
export async function filesOf(fs: FileSystem, store: string, below = ''): Promise<FileFact[]> {
  const facts: FileFact[] = [];
  for (const name of await listFolder(fs, join(store, below))) {
    const file = below === '' ? name : `${below}/${name}`;
    const info = await fs.lstat(join(store, file));
    if (info === undefined) continue;
    facts.push({ file, kind: info.kind, bytes: info.size, mtimeMs: info.mtimeMs });
    if (info.kind === 'folder' && !leftOut.has(file)) facts.push(...(await filesOf(fs, store, file)));
  }
  return facts;
}

import { join } from '../../base/path.ts';
import { reading } from '../../fs/failure.ts';
import { listFolder } from '../../fs/folder.ts';
import type { StorageEnv } from '../types.ts';
import { parseSnapshotFileName, snapshotFolder } from './name.ts';

interface SnapshotFile {
  /** Path relative to the store: `snapshots/….snap`. */
  file: string;
  /** Last seq covered, as the name says. */
  seq: number;
  bytes: number;
}

export interface SnapshotList {
  /** Newest first. */
  snapshots: SnapshotFile[];
  /** Paths relative to the store of whatever else lies in the folder: temp files, foreign names, links, folders. */
  ignored: string[];
}

/**
 * What lies in a store's `snapshots` folder, judged by name only. A missing folder holds none. A file that vanishes
 * meanwhile (a writer beside us cleans up) is left out. Rejects with E_READ when the disk refuses.
 */
export async function listSnapshots(env: StorageEnv, storeDir: string): Promise<SnapshotList> {
  const folder = join(storeDir, snapshotFolder);
  const snapshots: SnapshotFile[] = [];
  const ignored: string[] = [];
  for (const name of await listFolder(env.fs, folder)) {
    const file = join(snapshotFolder, name);
    const seq = parseSnapshotFileName(name);
    const path = join(folder, name);
    const info = seq === undefined ? undefined : await reading(path, () => env.fs.lstat(path));
    if (seq !== undefined && info === undefined) continue;
    if (seq === undefined || info?.kind !== 'file') ignored.push(file);
    else snapshots.push({ file, seq, bytes: info.size });
  }
  snapshots.sort((a, b) => b.seq - a.seq);
  return { snapshots, ignored };
}

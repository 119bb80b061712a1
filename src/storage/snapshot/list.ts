import { errnoText } from '../../base/errno.ts';
import { hasErrno, ioError, isFsError } from '../../base/errors.ts';
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
 * meanwhile
 * (a writer beside us cleans up) is left out. Rejects with E_READ when the disk refuses.
 */
export async function listSnapshots(env: StorageEnv, storeDir: string): Promise<SnapshotList> {
  const folder = `${storeDir}/${snapshotFolder}`;
  const snapshots: SnapshotFile[] = [];
  const ignored: string[] = [];
  try {
    for (const name of await env.fs.readdir(folder)) {
      const file = `${snapshotFolder}/${name}`;
      const seq = parseSnapshotFileName(name);
      const info = seq === undefined ? undefined : await env.fs.lstat(`${folder}/${name}`);
      if (seq !== undefined && info === undefined) continue;
      if (seq === undefined || info?.kind !== 'file') ignored.push(file);
      else snapshots.push({ file, seq, bytes: info.size });
    }
  } catch (cause) {
    if (hasErrno(cause, 'ENOENT')) return { snapshots: [], ignored: [] };
    if (!isFsError(cause)) throw cause;
    throw ioError('E_READ', `cannot list ${folder}: ${errnoText(cause.code)}`, {
      cause,
      data: { path: folder, errno: cause.code },
    });
  }
  snapshots.sort((a, b) => b.seq - a.seq);
  return { snapshots, ignored };
}

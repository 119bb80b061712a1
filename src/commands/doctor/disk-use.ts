import { join } from '../../base/path.ts';
import { logSize } from '../../storage/disk-use.ts';
import { planRetention } from '../../storage/retention.ts';
import { parseSnapshotFileName, snapshotFolder } from '../../storage/snapshot/name.ts';
import { defaultKeepSnapshots } from '../../storage/store-options.ts';
import { changedView } from '../../storage/store-view.ts';
import type { StorageEnv } from '../../storage/types.ts';

export interface DiskUse {
  log: { segments: number; bytes: number };
  snapshots: { files: number; bytes: number };
  /** Output of attempts. */
  logs: { files: number; bytes: number };
  quarantine: { files: number; bytes: number };
  /** Why the log is no shorter. */
  pinned: string[];
}

/** Bytes of a store by what they are for. Files that go away meanwhile do not count. */
export async function diskUse(
  env: StorageEnv,
  store: string,
  storeId: string,
  strays: readonly string[],
): Promise<DiskUse> {
  const logAlone = changedView(env, { without: new Set(strays.map((file) => join(store, file))) });
  const plan = await planRetention(logAlone, store, {
    storeId,
    keep: defaultKeepSnapshots,
    activeOrdinal: Number.MAX_SAFE_INTEGER,
  });
  const log = await logSize(env, store);
  return {
    log,
    snapshots: await folderUse(env, join(store, snapshotFolder), (name) => parseSnapshotFileName(name) !== undefined),
    logs: await folderUse(env, join(store, 'logs')),
    quarantine: await folderUse(env, join(store, 'quarantine')),
    pinned: log.segments === 0 ? [] : plan.reasons,
  };
}

async function folderUse(
  env: StorageEnv,
  folder: string,
  counts: (name: string) => boolean = () => true,
): Promise<{ files: number; bytes: number }> {
  if ((await env.fs.lstat(folder))?.kind !== 'folder') return { files: 0, bytes: 0 };
  const names = (await env.fs.readdir(folder)).filter(counts);
  const infos = await Promise.all(names.map((name) => env.fs.lstat(join(folder, name))));
  const files = infos.filter((info) => info?.kind === 'file');
  return { files: files.length, bytes: files.reduce((sum, info) => sum + (info?.size ?? 0), 0) };
}

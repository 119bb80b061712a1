import { hexOf } from '../base/bytes.ts';
import { join, parentOf } from '../base/path.ts';
import { listFolder, makeFolder } from '../fs/folder.ts';
import { removeIfThere } from '../fs/gone.ts';
import { creatingMarker, isFresh, walFolder } from './folder.ts';
import { createHead, createSegment, randomSalt } from './log-files.ts';
import { notAStore } from './no-store.ts';
import { refuseLink } from './refuse-link.ts';
import { snapshotFolder } from './snapshot/name.ts';
import { writeSnapshot } from './snapshot/write.ts';
import { type StoreIdentity, writeStoreFile } from './store-file.ts';
import type { StorageEnv } from './types.ts';

export interface CreateOptions {
  /** Of a store that is made again from a text; another one gets an id by chance. */
  id?: string;
  /** State the log begins on. Without it the log begins at seq 1 on nothing. */
  base?: { seq: number; entries: Iterable<Uint8Array> };
  /** Where the log begins, when its snapshots come later. */
  seqFirst?: number;
}

/**
 * Creates a store in a fresh folder whose lock is held. STORE.json makes it one and comes last, after everything
 * else, the folder's own name included, is durable; until then the marker says that the next attempt may begin anew.
 * Rejects with E_NOT_A_STORE when the folder holds anything else.
 */
export async function createStore(
  env: StorageEnv,
  storeDir: string,
  options: CreateOptions = {},
): Promise<StoreIdentity> {
  if (!(await isFresh(env, storeDir))) {
    throw notAStore(storeDir);
  }
  const identity: StoreIdentity = { id: options.id ?? randomId(env), createdMs: env.clock.now() };
  await markBegun(env, storeDir);
  await makeEmptyFolder(env, storeDir, walFolder);
  await makeEmptyFolder(env, storeDir, snapshotFolder);
  const seq = options.base?.seq ?? 0;
  const salt = randomSalt(env);
  const first = { ordinal: 1, seqFirst: options.seqFirst ?? seq + 1, salt, prevSalt: 0, prevEnd: 0, prevLink: 0 };
  const segment = await createSegment(env, storeDir, { ...first, storeId: identity.id, createdMs: identity.createdMs });
  await segment.file.close();
  if (options.base) {
    const point = { seq, ordinal: 1, offset: segment.at.end, link: segment.at.link, salt };
    await writeSnapshot(env, join(storeDir, snapshotFolder), {
      storeId: identity.id,
      kind: 'base',
      point,
      entries: options.base.entries,
    });
  }
  // Syncs the folder too: the names of what was made before are durable when STORE.json comes.
  await createHead(env, storeDir, identity.id, segment.at, 0);
  await writeStoreFile(env.fs, storeDir, identity);
  await removeIfThere(env.fs, join(storeDir, creatingMarker));
  return identity;
}

function randomId(env: StorageEnv): string {
  const bytes = new Uint8Array(16);
  env.random(bytes);
  return hexOf(bytes);
}

async function markBegun(env: StorageEnv, storeDir: string): Promise<void> {
  if ((await env.fs.lstat(join(storeDir, creatingMarker))) === undefined) {
    await (await env.fs.open(join(storeDir, creatingMarker), 'wx')).close();
  }
  await env.fs.syncDir(storeDir);
  await env.fs.syncDir(parentOf(storeDir));
}

/** What an unfinished creation left in it goes: no STORE.json ever named it. */
async function makeEmptyFolder(env: StorageEnv, storeDir: string, name: string): Promise<void> {
  const path = join(storeDir, name);
  if (await makeFolder(env.fs, path)) return;
  await refuseLink(env.fs, path);
  for (const left of await listFolder(env.fs, path)) await removeIfThere(env.fs, join(path, left));
  await env.fs.syncDir(path);
}

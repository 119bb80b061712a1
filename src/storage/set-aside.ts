import { join, parentOf } from '../base/path.ts';
import { removeIfThere } from '../fs/gone.ts';
import { linkOrCopy } from '../fs/link-or-copy.ts';
import { quarantineFolder, walFolder } from './folder.ts';
import { openSegment } from './lock.ts';
import { damagedEvidence, hashFile, staleUndo, type UndoStep } from './repair-files.ts';
import type { AppliedAction, SetAsideAction } from './repair-journal.ts';
import type { StorageEnv } from './types.ts';

/**
 * Whole files that go to quarantine, and come back from there. A file has both names on disk before it loses one, so
 * that a power loss at any step leaves it somewhere.
 */

/** The action itself, once what it takes away has its name in quarantine; `temp` is what takes the place of the file. */
export async function setAside(
  env: StorageEnv,
  storeDir: string,
  action: SetAsideAction,
  temp: string | undefined,
): Promise<void> {
  const path = join(storeDir, action.file);
  if (temp === undefined) await env.fs.unlink(path);
  else await env.fs.rename(temp, path);
  await env.fs.syncDir(parentOf(path));
}

/**
 * Looks at whether the file can come back: what is there must be what the action left, and what was kept must be what
 * it took. Undefined when there is nothing to do any more. Rejects with E_PLAN_STALE, E_EVIDENCE, E_LOCKED.
 */
export async function prepareSetAside(
  env: StorageEnv,
  storeDir: string,
  action: AppliedAction & SetAsideAction,
): Promise<UndoStep | undefined> {
  const { file, sha256, quarantine } = action;
  const path = join(storeDir, file);
  const segment = parentOf(file) === walFolder ? await openSegment(env, storeDir, file) : undefined;
  const close = async (): Promise<void> => segment?.close();
  try {
    const now = await hashFile(env, path);
    const kept = join(storeDir, quarantineFolder, quarantine ?? '');
    const isBack = now === sha256;
    if (isBack && (quarantine === undefined || (await hashFile(env, kept)) !== sha256)) {
      await close();
      return undefined;
    }
    if (!isBack) {
      if (now !== (action.kind === 'move' ? undefined : action.after)) throw staleUndo(action);
      const found = quarantine === undefined ? sha256 : await hashFile(env, kept);
      if (found === undefined && sha256 !== undefined) throw damagedEvidence(action, kept, 'is not there any more');
      if (found !== sha256) throw damagedEvidence(action, kept, 'is not what was taken away');
    }
    return {
      run: async () => {
        if (!isBack) await bringBack(env, path, quarantine === undefined ? undefined : kept);
        if (quarantine !== undefined) await env.fs.unlink(kept);
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function bringBack(env: StorageEnv, path: string, kept: string | undefined): Promise<void> {
  const { fs } = env;
  if (kept === undefined) await fs.unlink(path);
  else {
    const temp = `${path}.tmp`;
    await removeIfThere(fs, temp);
    await linkOrCopy(fs, kept, temp);
    await fs.rename(temp, path);
  }
  await fs.syncDir(parentOf(path));
}

import { closeAll } from '../base/close-all.ts';
import { Exit, WalqError } from '../base/errors.ts';
import { join } from '../base/path.ts';
import { shellPath } from '../base/shell-word.ts';
import { reading } from '../fs/failure.ts';
import { isGone } from '../fs/gone.ts';
import { type OpenSource, openSource } from '../fs/read.ts';
import { walFolder } from './folder.ts';
import type { Survey } from './survey.ts';
import type { StorageEnv } from './types.ts';
import type { SegmentName } from './wal/names.ts';
import type { SegmentInput } from './wal/scan-log.ts';

/**
 * Reading while somebody else writes: files that were listed may be gone before they are opened. Once open they stay
 * readable, so all are opened first; and where one was gone, a fresh listing has what took its place.
 */

/** A writer that takes files away between listing and opening them, so often in a row, is none that we know. */
export const racesMax = 20;

/**
 * `look` from the start again as long as a file goes from under it: ENOENT, or what `isRace` takes for it. Rejects with
 * E_RACE (1) in the end.
 */
export async function besideWriter<T>(
  env: StorageEnv,
  path: string,
  look: () => Promise<T>,
  isRace: (error: unknown) => boolean | Promise<boolean> = isGone,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await look();
    } catch (error) {
      if (!(await isRace(error))) throw error;
      if (attempt === racesMax) throw raced(path, error);
      await env.clock.sleep(attempt);
    }
  }
}

/** Rejects with ENOENT when a file of this survey is gone: what was concluded from two of its looks may be untrue. */
export async function refuseGone(env: StorageEnv, storeDir: string, survey: Survey): Promise<void> {
  const segments = [...survey.leftover, ...survey.live].map(({ name }) => join(walFolder, name));
  for (const file of [...segments, ...survey.snapshots.map((snapshot) => snapshot.file)]) {
    const path = join(storeDir, file);
    if ((await reading(path, () => env.fs.lstat(path))) !== undefined) continue;
    throw Object.assign(new Error(`${path} is gone`), { code: 'ENOENT' });
  }
}

export function raced(path: string, cause?: unknown): WalqError {
  const text = `${path} changed under every one of ${racesMax} attempts to read it`;
  return new WalqError(Exit.failed, 'E_RACE', text, { data: { path }, cause, next: `ls -l ${shellPath(path)}` });
}

export interface LogFiles {
  /** Closing one of these does nothing. */
  inputs: readonly (SegmentInput & { name: SegmentName; source: OpenSource })[];
  close(): Promise<void>;
}

/** All of one listing, open. `prefix` as findings name the folder. Rejects with ENOENT when one is gone, E_READ. */
export async function openLogFiles(
  env: StorageEnv,
  walDir: string,
  prefix: string,
  names: readonly SegmentName[],
): Promise<LogFiles> {
  const inputs: LogFiles['inputs'][number][] = [];
  const close = () =>
    closeAll(
      ...inputs.map(
        ({ source }) =>
          () =>
            source.close(),
      ),
    );
  try {
    for (const name of names) {
      const source = await openSource(env.fs, join(walDir, name.name));
      const open: SegmentInput['open'] = async () => ({ ...source, close: async () => {} });
      inputs.push({ file: join(prefix, name.name), name, source, open });
    }
    return { inputs, close };
  } catch (error) {
    await close().catch(() => undefined);
    throw error;
  }
}

import { join, parentOf } from '../base/path.ts';
import { removeIfThere } from '../fs/gone.ts';
import { openSource } from '../fs/read.ts';
import { copyStretch, writeTemp } from '../fs/write.ts';
import { readSegmentHeader, walFolder } from './folder.ts';
import { hashFile, hashOf } from './repair-files.ts';
import type { HealAction } from './repair-journal.ts';
import type { Survey } from './survey.ts';
import type { StorageEnv } from './types.ts';
import { type FlippedBit, healSegment, type SegmentHeal } from './wal/heal-segment.ts';
import { patchedSource } from './wal/patched-source.ts';

/** What healing found in one segment; `file` is relative to the store. */
export interface HealedFile extends SegmentHeal {
  file: string;
}

/** A stretch that one flipped bit would explain and that is not healed: `file` is relative to the store. */
export type HealCandidate = SegmentHeal['candidates'][number] & { file: string };

/** Looks for flipped bits in every segment of the log, or in those of `files`. Read-only. */
export async function findFlips(
  env: StorageEnv,
  storeDir: string,
  survey: Survey,
  readable: (record: Uint8Array) => boolean,
  files?: ReadonlySet<string>,
): Promise<HealedFile[]> {
  const headerOf = async (index: number) => {
    const name = survey.live[index]?.name;
    return name === undefined ? undefined : await readSegmentHeader(env, join(storeDir, walFolder, name));
  };
  const found: HealedFile[] = [];
  for (const [index, name] of survey.live.entries()) {
    const file = join(walFolder, name.name);
    if (files?.has(file) === false) continue;
    const [before, after] = [await headerOf(index - 1), await headerOf(index + 1)];
    const source = await openSource(env.fs, join(storeDir, file));
    try {
      const heal = await healSegment(source, {
        storeId: survey.identity.id,
        name,
        readable,
        ...(before?.ordinal === name.ordinal - 1 && { before }),
        ...(after?.ordinal === name.ordinal + 1 && { after }),
        ...(survey.head && { head: survey.head }),
      });
      found.push({ file, ...heal });
    } finally {
      await source.close();
    }
  }
  return found;
}

export async function healAction(
  env: StorageEnv,
  storeDir: string,
  file: string,
  flip: FlippedBit,
): Promise<HealAction> {
  const source = await openSource(env.fs, join(storeDir, file));
  try {
    const [sha256, sha256After] = [
      await hashOf(source, flip.offset, flip.bytes),
      await hashOf(patchedSource(source, [flip]), flip.offset, flip.bytes),
    ];
    return { kind: 'heal', file, ...flip, sha256, sha256After };
  } finally {
    await source.close();
  }
}

/**
 * Puts a copy of a segment with these bits turned in its place: whole or not at all, whatever a crash does to the
 * sectors of a write. Healing and its undo are the same step; `to` names the hash that each stretch must then have.
 * `false`, and nothing changed, when one has another.
 */
export async function turnBits(
  env: StorageEnv,
  storeDir: string,
  file: string,
  actions: readonly HealAction[],
  to: 'sha256' | 'sha256After',
): Promise<boolean> {
  const path = join(storeDir, file);
  const temp = `${path}.tmp`;
  const source = await openSource(env.fs, path);
  try {
    await writeTemp(env.fs, temp, (copy) => copyStretch(patchedSource(source, actions), 0, source.size, copy, 0));
  } finally {
    await source.close();
  }
  for (const action of actions) {
    if ((await hashFile(env, temp, action)) === action[to]) continue;
    await removeIfThere(env.fs, temp);
    return false;
  }
  await env.fs.rename(temp, path);
  await env.fs.syncDir(parentOf(path));
  return true;
}

/** In the order of the first action of each. */
export function byFile(actions: readonly HealAction[]): Map<string, HealAction[]> {
  const files = new Map<string, HealAction[]>();
  for (const action of actions) files.set(action.file, [...(files.get(action.file) ?? []), action]);
  return files;
}

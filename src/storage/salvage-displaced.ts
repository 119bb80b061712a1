import { join } from '../base/path.ts';
import { openSource } from '../fs/read.ts';
import { readSegmentHeader, walFolder } from './folder.ts';
import { pointsOf } from './read.ts';
import type { HealedFile } from './repair-heal.ts';
import type { Survey } from './survey.ts';
import type { StorageEnv } from './types.ts';
import { type Displaced, findDisplaced } from './wal/displaced.ts';
import { piecedHeader } from './wal/pieced-header.ts';

/**
 * Displaced frames by the path of their segment. Only where healing met something that cannot be read: the others stand
 * where they were written. Read-only.
 */
export async function displacedFrames(
  env: StorageEnv,
  storeDir: string,
  survey: Survey,
  healed: readonly HealedFile[],
): Promise<Map<string, Displaced[]>> {
  const found = new Map<string, Displaced[]>();
  for (const [index, name] of survey.live.entries()) {
    const heal = healed.find(({ file }) => file === join(walFolder, name.name));
    if (heal === undefined || heal.refused.length + heal.flips.length + heal.candidates.length === 0) continue;
    const path = join(storeDir, heal.file);
    const after = survey.live[index + 1];
    const next = after && (await readSegmentHeader(env, join(storeDir, walFolder, after.name)));
    const { identity, head } = survey;
    const own = await readSegmentHeader(env, path);
    const header = own ?? piecedHeader(name, identity.id, { next, head, points: pointsOf(survey) });
    if (header?.storeId !== identity.id) continue;
    const source = await openSource(env.fs, path);
    try {
      const displaced = await findDisplaced(source, header.salt);
      if (displaced.length > 0) found.set(path, displaced);
    } finally {
      await source.close();
    }
  }
  return found;
}

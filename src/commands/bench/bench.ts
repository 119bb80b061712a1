import { notFoundError, usageError } from '../../base/errors.ts';
import { parentOf } from '../../base/path.ts';
import { shellPath } from '../../base/shell-word.ts';
import { placeError } from '../../fs/place.ts';
import type { StorageEnv } from '../../storage/types.ts';
import type { CommandContext } from '../context.ts';
import { storePath } from '../store-path.ts';
import { probeSync } from './disk.ts';
import { measureDrain, measureEnqueue } from './queue-part.ts';
import { measureReading } from './read-part.ts';
import type { BenchRequest } from './types.ts';

/**
 * Measures this machine and the disk of a folder: one sync, the queue on it, and how fast its log is read again. Each
 * row checks that it was exact: a mistake is a bug. Throws E_NO_SPACE, E_IO (74).
 */
export async function runBench(env: StorageEnv, request: BenchRequest): Promise<void> {
  const place = { ...request, env };
  try {
    await request.onSync(await probeSync(place));
    await request.onRow(await measureEnqueue(place, 'enqueue-1', { writers: 1, batch: 1 }));
    await request.onRow(await measureEnqueue(place, 'enqueue-64', { writers: 64, batch: 1 }));
    await request.onRow(await measureEnqueue(place, 'enqueue-batch', { writers: 1, batch: 1000 }));
    const { row, store, events } = await measureDrain(place);
    await request.onRow(row);
    for (const read of await measureReading(place, store, events)) await request.onRow(read);
  } catch (error) {
    throw placeError(request.folder, error);
  }
}

/**
 * The folder on whose disk to measure: `dir`, else where the store is or would be. Throws E_NO_TARGET (1),
 * E_WRONG_TARGET (2).
 */
export async function folderToMeasure(context: CommandContext, dir: string | undefined): Promise<string> {
  const folder = dir ?? parentOf(storePath(context));
  const info = await context.env.fs.stat(folder);
  if (info === undefined) {
    throw notFoundError('E_NO_TARGET', `there is no folder ${folder}`, {
      data: { file: folder },
      next: `mkdir -p ${shellPath(folder)}`,
    });
  }
  if (info.kind === 'folder') return folder;
  throw usageError('E_WRONG_TARGET', `${folder} is no folder`, {
    data: { file: folder },
    next: 'walq bench --dir DIR',
  });
}

import { placeNewStore } from '../../../src/commands/import-place.ts';
import { writeSalvage } from '../../../src/storage/salvage-write.ts';
import type { StorageEnv } from '../../../src/storage/types.ts';
import { contextIn } from '../../support/command-context.ts';
import { bytesAt, fileOf, type Image, sampleStore, withFile } from '../damage/image.ts';
import { destroyed, framesOf, plan, segmentParts, to } from './salvage-support.ts';
import { healing } from './support.ts';

const unfinished = { suffix: '.salvaging', code: 'E_SALVAGE_LEFT', what: 'a salvage' } as const;

/** As the command does it. */
export async function intoPlace(env: StorageEnv): Promise<void> {
  const planned = await plan(env);
  const options = { readable: healing.readable, segmentBytes: 400 };
  await placeNewStore(contextIn(env), to, unfinished, (folder) => writeSalvage(env, planned, folder, options));
}

/** A hole in the second segment, over records 5 and 6. */
export async function holed(): Promise<Image> {
  const image = await sampleStore({ closed: true });
  const path = fileOf(image, segmentParts[1]);
  const frame = (await framesOf(image)).find(({ seqs }) => seqs.includes(6));
  return withFile(image, path, destroyed(bytesAt(image, path), (frame?.offset ?? 0) - 64, 104));
}

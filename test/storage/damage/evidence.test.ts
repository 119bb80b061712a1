import { expect, test } from 'vitest';
import { openStore } from '../../../src/storage/store.ts';
import { bytesAt, dir, diskOf, fileOf, flipped, imageOf, make, sampleStore, withFile } from './image.ts';

test('cleaning keeps a damaged segment, and all after it, as evidence', async () => {
  const image = await sampleStore({ closed: true });
  const path = fileOf(image, '0000000001-');
  const clean = async (given: typeof image): Promise<string[]> => {
    const env = await diskOf(given);
    const store = await openStore(env, dir, { machine: make });
    const { removedSegments } = await store.checkpoint({ keep: 1 });
    await store.close();
    expect(imageOf(env.fs).has(path)).toBe(removedSegments.length === 0);
    return removedSegments;
  };
  expect(await clean(image)).not.toEqual([]);
  expect(await clean(withFile(image, path, flipped(bytesAt(image, path), 200 * 8)))).toEqual([]);
});

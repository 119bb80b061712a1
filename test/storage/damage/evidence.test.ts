import { expect, test } from 'vitest';
import { scanSegmentFile } from '../../../src/storage/read.ts';
import { openStore } from '../../../src/storage/store.ts';
import { putLink } from '../../support/sim-edit.ts';
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

test('a segment is read through a link that the user names', async () => {
  const image = await sampleStore({ closed: true });
  const env = await diskOf(image);
  putLink(env.fs, '/link', fileOf(image, '0000000001-'));
  expect(await scanSegmentFile(env, '/link')).toMatchObject({ verdict: 'clean', records: 4 });
});

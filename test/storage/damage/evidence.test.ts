import { expect, test } from 'vitest';
import { scanSegmentFile } from '../../../src/storage/read.ts';
import { openStore } from '../../../src/storage/store.ts';
import { decodeHeadFile, headSlotOffset } from '../../../src/storage/wal/head.ts';
import { putLink } from '../../support/sim-edit.ts';
import { bytesAt, dir, diskOf, fileOf, flipped, imageOf, make, sampleStore, withFile } from './image.ts';
import { judge } from './judge.ts';

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

test('one slot of HEAD alone proves an end only where the log goes on behind it', async () => {
  const image = await sampleStore({ closed: false });
  const head = bytesAt(image, '/s/HEAD');
  const newer = decodeHeadFile(head).slot;
  const withoutNewer = flipped(head, (headSlotOffset(newer?.counter ?? 0) + 1) * 8);
  const older = decodeHeadFile(withoutNewer).slot;
  expect([older?.counter, older?.ordinal]).toEqual([(newer?.counter ?? 0) - 1, newer?.ordinal]);
  const withoutOlder = flipped(head, (headSlotOffset(older?.counter ?? 0) + 1) * 8);
  const path = fileOf(image, `${newer?.ordinal}-`);
  const seen = async (headNow: Uint8Array, end: number | undefined): Promise<unknown[]> => {
    const cut = withFile(image, path, bytesAt(image, path).slice(0, end));
    const { report } = await judge(withFile(cut, '/s/HEAD', headNow));
    return [report.verdict, report.endProven];
  };
  expect(await seen(head, newer?.end)).toEqual(['clean', true]);
  expect(await seen(withoutNewer, newer?.end)).toEqual(['clean', true]);
  expect(await seen(withoutOlder, newer?.end)).toEqual(['clean', false]);
  // The newest commit is gone: only the slot that tells of it can show that.
  expect((await seen(head, older?.end))[0]).toBe('corrupt');
  expect((await seen(withoutOlder, older?.end))[0]).toBe('corrupt');
  expect(await seen(withoutNewer, older?.end)).toEqual(['clean', false]);
});

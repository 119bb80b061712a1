import { expect, test } from 'vitest';
import { openStore } from '../../../src/storage/store.ts';
import { packed } from '../../../src/storage/wal/records.ts';
import { simEnv } from '../../support/env.ts';
import { bytesAt, dir, diskOf, fileOf, type Image, imageOf, sampleStore, withFile } from '../damage/image.ts';
import { check, imageWith, recordsIn } from './salvage-check.ts';
import { destroyed, framesOf, plan, salvage, segmentParts, seqMachine } from './salvage-support.ts';

/** A copy of a segment under another name: it fills the holes of the one that is damaged, if it is a copy of that. */

const elsewhere = `${dir}/wal/0000000009-00000000000000000077.wal`;

test('what cannot be read in a segment is read in its copy, and the plan names both', async () => {
  const image = await imageWith(false);
  for (const part of segmentParts.slice(0, 2)) {
    const path = fileOf(image, part);
    const places = (await framesOf(image)).filter((frame) => frame.path === path);
    for (const { offset } of places.slice(0, -1)) {
      const bad = withFile(image, path, destroyed(bytesAt(image, path), offset + 8, 30));
      const damaged = withFile(bad, elsewhere, bytesAt(image, path));
      await check(damaged, []);
      const { filled } = await plan(await diskOf(damaged));
      expect(filled).toEqual([{ file: path.slice(dir.length + 1), from: elsewhere.slice(dir.length + 1) }]);
    }
  }
});

test('the segment under its own name is the one that is filled, wherever its copy stands', async () => {
  const image = await imageWith(false);
  const path = fileOf(image, segmentParts[1]);
  const inFront = `${dir}/wal/0000000001-00000000000000000007.wal`;
  const { offset } = (await framesOf(image)).find((frame) => frame.path === path) ?? { offset: 0 };
  const bad = withFile(image, path, destroyed(bytesAt(image, path), offset + 8, 30));
  const { filled } = await plan(await diskOf(withFile(bad, inFront, bytesAt(image, path))));
  expect(filled).toEqual([{ file: path.slice(dir.length + 1), from: inFront.slice(dir.length + 1) }]);
});

test('what is damaged in both is lost, and nothing else', async () => {
  const image = await imageWith(false);
  const path = fileOf(image, segmentParts[1]);
  const [one, two] = (await framesOf(image)).filter((frame) => frame.path === path && frame.seqs.length > 0);
  const bytes = bytesAt(image, path);
  const [first, second] = [one?.offset ?? 0, two?.offset ?? 0];
  const original = destroyed(destroyed(bytes, first + 49, 6), second + 49, 6);
  const damaged = withFile(withFile(image, path, original), elsewhere, destroyed(bytes, second + 49, 6));
  await check(damaged, two?.seqs ?? []);
});

test('a damaged copy in front of a segment takes nothing from it', async () => {
  const image = await imageWith(false);
  const places = await framesOf(image);
  for (const [at, part] of segmentParts.entries()) {
    const path = fileOf(image, part);
    const inPlaceOf = [
      ...segmentParts.slice(0, at).map((before) => fileOf(image, before)),
      `${dir}/wal/0000000001-00000000000000000007.wal`,
    ];
    const first = places.find((frame) => frame.path === path)?.offset ?? 0;
    const copy = destroyed(bytesAt(image, path), first + 60, 8);
    for (const place of inPlaceOf) {
      const lost = places.flatMap(({ path: of, seqs }) => (of === place ? seqs : []));
      await check(withFile(image, place, copy), lost);
    }
  }
});

test('two copies under wrong names fill each other', async () => {
  const image = await imageWith(false);
  const path = fileOf(image, segmentParts[1]);
  const gone = withFile(image, path, undefined);
  for (const { offset } of (await framesOf(image)).filter((frame) => frame.path === path).slice(0, -1)) {
    const bad = withFile(
      gone,
      `${dir}/wal/0000000007-00000000000000000070.wal`,
      destroyed(bytesAt(image, path), offset + 8, 30),
    );
    await check(withFile(bad, elsewhere, bytesAt(image, path)), []);
  }
});

test('of a long hole is read what the copy has, whatever is damaged in that', async () => {
  const image = await imageWith(false);
  const path = fileOf(image, segmentParts[1]);
  const [one, two, , four] = (await framesOf(image)).filter((frame) => frame.path === path);
  const bytes = bytesAt(image, path);
  const [from, to] = [one?.offset ?? 0, four?.offset ?? 0];
  const original = destroyed(bytes, from + 8, to - from - 8);
  const copy = destroyed(bytes, (two?.offset ?? 0) + 8, 30);
  await check(withFile(withFile(image, path, original), elsewhere, copy), two?.seqs ?? []);
});

test('a header that only the next segment knows is known beside a copy, too', async () => {
  const image = await imageWith(false);
  const path = fileOf(image, segmentParts[1]);
  const bytes = bytesAt(image, path);
  const first = (await framesOf(image)).find((frame) => frame.path === path)?.offset ?? 0;
  const damaged = withFile(withFile(image, path, destroyed(bytes, 0, 40)), elsewhere, destroyed(bytes, first + 8, 30));
  await check(damaged, []);
});

test('nothing is taken from a copy that went its own way', async () => {
  const image = new Map([...(await sampleStore({ closed: true }))].filter(([path]) => !path.includes('.snap')));
  const path = fileOf(image, segmentParts[2]);
  const [ours, theirs] = [await goneOn(image, 'record of ours', 1), await goneOn(image, 'record of thee', 2)];
  const end = bytesAt(image, path).length;
  for (const { offset } of (await framesOf(ours)).filter((frame) => frame.path === path && frame.offset >= end)) {
    const bad = withFile(ours, path, destroyed(bytesAt(ours, path), offset + 8, 30));
    const env = await diskOf(withFile(bad, elsewhere, bytesAt(theirs, path)));
    await salvage(env);
    expect([...(await recordsIn(env)).values()]).not.toContain('record of thee');
  }
});

async function goneOn(image: Image, text: string, seed: number): Promise<Image> {
  const env = { ...(await diskOf(image)), random: simEnv({ seed }).random };
  const store = await openStore(env, dir, { machine: seqMachine });
  await store.append(packed([Buffer.from(text)]));
  await store.append(packed([Buffer.from(`${text} too`)]));
  await store.close();
  return imageOf(env.fs);
}

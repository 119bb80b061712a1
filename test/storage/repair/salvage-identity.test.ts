import { expect, test } from 'vitest';
import { openStore } from '../../../src/storage/store.ts';
import { simEnv } from '../../support/env.ts';
import {
  appendSome,
  bytesAt,
  dir,
  diskOf,
  fileOf,
  type Image,
  imageOf,
  make,
  textOf,
  withFile,
} from '../damage/image.ts';
import { recordsIn, span } from './salvage-check.ts';
import { destroyed, plan, salvage, seqMachine } from './salvage-support.ts';

/** Whose a log is of which neither STORE.json nor any header of a segment can be read. */

const segment = '0000000001-';

/** One segment, records 1..40, a snapshot at 10. */
async function oneSegment(seed: number): Promise<Image> {
  const env = simEnv({ seed });
  const store = await openStore(env, dir, { machine: make, create: true });
  await appendSome(store, 1, 10);
  await store.checkpoint();
  await appendSome(store, 11, 40);
  await store.close();
  return imageOf(env.fs);
}

function withoutBegin(image: Image, bytes: number): Image {
  const path = fileOf(image, segment);
  return withFile(withFile(image, path, destroyed(bytesAt(image, path), 0, bytes)), `${dir}/STORE.json`, undefined);
}

const without = (image: Image, part: string): Image => withFile(image, fileOf(image, part), undefined);

test.each(['nothing', '.snap'])(
  'HEAD says whose it is, and by which salt its frames hold; gone too: %s',
  async (part) => {
    const damaged = withoutBegin(await oneSegment(1), 600);
    const env = await diskOf(part === 'nothing' ? damaged : without(damaged, part));
    const planned = await salvage(env);
    expect(planned).toMatchObject({ seqFirst: 1, seqLast: 40, rescued: [`wal/${segment}00000000000000000001.wal`] });
    const { seqLast = 0 } = planned.lost[0] ?? {};
    expect(planned.lost).toEqual([{ seqFirst: 1, seqLast }]);
    expect([...(await recordsIn(env))]).toEqual(
      Array.from({ length: 40 - seqLast }, (_, at) => [seqLast + 1 + at, textOf(seqLast + 1 + at)]),
    );
    await expect(openStore(env, dir, { machine: seqMachine })).rejects.toMatchObject({ exit: 3 });
  },
);

test('without HEAD a snapshot says whose it is, and by which salt its frames hold', async () => {
  const env = await diskOf(without(withoutBegin(await oneSegment(1), 600), 'HEAD'));
  const planned = await salvage(env);
  expect(planned).toMatchObject({ seqLast: 40, rescued: [expect.any(String)] });
  expect([...(await recordsIn(env)).keys()]).toEqual(span(41 - planned.events, 40));
  expect(planned.snapshots.map(({ seq }) => seq)).toEqual([10]);
});

test('where most files name this store, the log of another one in its place is none of it', async () => {
  const [image, other] = [withoutBegin(await oneSegment(1), 0), await oneSegment(2)];
  const env = await diskOf(withFile(image, fileOf(image, segment), bytesAt(other, fileOf(other, segment))));
  expect(await plan(env)).toMatchObject({ events: 0, seqLast: 40, foreign: [expect.any(String)] });
});

test.each(['HEAD', '.snap'])('files that name different stores do not decide it: %s of another', async (part) => {
  const [image, other] = [withoutBegin(await oneSegment(1), 600), await oneSegment(2)];
  const env = await diskOf(withFile(image, fileOf(image, part), bytesAt(other, fileOf(other, part))));
  await expect(plan(env)).rejects.toMatchObject({ code: 'E_STORE_MISSING', exit: 3 });
});

test('a log of another store beside HEAD and snapshots of this one gives none of its events', async () => {
  const [image, other] = [await oneSegment(1), withoutBegin(await oneSegment(2), 600)];
  const env = await diskOf(
    withFile(withoutBegin(image, 600), fileOf(image, segment), bytesAt(other, fileOf(other, segment))),
  );
  expect(await plan(env)).toMatchObject({ events: 0, seqLast: 40 });
});

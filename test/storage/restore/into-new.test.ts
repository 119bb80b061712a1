import { expect, test } from 'vitest';
import { verifyStore } from '../../../src/storage/read.ts';
import { restoreTo } from '../../../src/storage/restore.ts';
import { writeSnapshot } from '../../../src/storage/snapshot/write.ts';
import { openStore } from '../../../src/storage/store.ts';
import { packed } from '../../../src/storage/wal/records.ts';
import { seededRandom } from '../../support/seeded-random.ts';
import { crashStates } from '../../support/sim-crash.ts';
import { bytesOf, putFile } from '../../support/sim-edit.ts';
import { isChange } from '../../support/sim-ops.ts';
import { tried } from '../../support/tried.ts';
import {
  copyDir,
  crashOptions,
  expectSameFiles,
  failing,
  filesBelow,
  itemsOf,
  pointsOf,
  type SimWorld,
} from '../backup/support.ts';
import { dir, diskOf, flipped, imageOf, make, sampleStore, textOf } from '../damage/image.ts';

const texts = (count: number) => Array.from({ length: count }, (_, index) => textOf(index + 1));
const snapshotAt = (seq: number) => `snapshots/${String(seq).padStart(20, '0')}.snap`;

function restore(env: SimWorld, file = snapshotAt(8)): ReturnType<typeof restoreTo> {
  return restoreTo(env, { path: `${dir}/${file}`, relativeName: file }, copyDir, make);
}

/** Wants the same numbers in the same order: a list that goes on at the seq it has. */
async function madeOf(env: SimWorld): Promise<string[]> {
  return await itemsOf(filesBelow(imageOf(env.fs), copyDir));
}

test('any snapshot of a store becomes a store of its own, and the first is as it was', async () => {
  for (const seq of [4, 8]) {
    const env = { ...(await diskOf(await sampleStore({ closed: true }))), random: seededRandom(seq) };
    const before = filesBelow(imageOf(env.fs), dir);
    const { storeId, from } = await restore(env, snapshotAt(seq));
    expect(storeId).not.toBe(from.storeId);
    expect(await madeOf(env)).toEqual(texts(seq));
    expectSameFiles(filesBelow(imageOf(env.fs), dir), before);
  }
});

test('a saved state becomes a store; one that says seq 0 and holds something begins after as many', async () => {
  for (const [seq, items] of [
    [5, 5],
    [0, 3],
    [0, 0],
  ] as const) {
    const env = await diskOf(await sampleStore({ closed: true }));
    const point = { seq, ordinal: 0, offset: 0, link: 0, salt: 0 };
    const entries = texts(items).map((text) => Buffer.from(text));
    await writeSnapshot(env, '/', { name: 'saved', storeId: '0'.repeat(32), kind: 'detached', point, entries });
    const result = await restoreTo(env, { path: '/saved', relativeName: 'saved' }, copyDir, make);
    expect(result.seq).toBe(items);
    expect(await madeOf(env)).toEqual(texts(items));
  }
});

test('a snapshot that is damaged, of any bit, becomes no store', async () => {
  const image = await sampleStore({ closed: true });
  const path = `${dir}/${snapshotAt(4)}`;
  const sound = bytesOf((await diskOf(image)).fs, path);
  for (let bit = 0; bit < sound.length * 8; bit += 37) {
    const env = await diskOf(image);
    putFile(env.fs, path, flipped(sound, bit));
    await expect(restore(env, snapshotAt(4))).rejects.toMatchObject({ name: 'WalqError' });
    expect([...imageOf(env.fs).keys()].filter((left) => left.startsWith(copyDir))).toEqual([]);
  }
});

test('a restore that dies at any call leaves no store or a whole one', async (context) => {
  const env = await diskOf(await sampleStore({ closed: true }));
  const points = await pointsOf(env, () => restore(env));
  const seen = { nothing: 0, whole: 0 };
  for (const point of points) {
    for (const { fs, label } of crashStates(point.fs, crashOptions)) {
      const made = filesBelow(imageOf(fs), copyDir);
      expect(!point.answered || made.size > 0, label).toBe(true);
      seen[made.size === 0 ? 'nothing' : 'whole']++;
      if (made.size > 0) expect(await itemsOf(made), label).toEqual(texts(8));
    }
  }
  expect(seen.nothing).toBeGreaterThan(50);
  expect(seen.whole).toBeGreaterThan(1);
  tried(context, 'power-loss', seen);
});

test.for(['ENOSPC', 'EIO'])(
  '%s at any change of a restore makes no store and leaves nothing',
  async (errno, context) => {
    const image = await sampleStore({ closed: true });
    const outcomes: Record<string, number> = {};
    for await (const { code, hit, left } of failing(image, restore, ({ kind }) => isChange(kind), errno)) {
      expect(['E_NO_SPACE', 'E_IO', 'E_SNAPSHOT_WRITE'], hit).toContain(code);
      expect(filesBelow(left, copyDir).size > 0, hit).toBe(
        hit === 'syncDir /' && code !== 'E_SNAPSHOT_WRITE' && isMade(left),
      );
      expect(
        [...left.keys()].filter((path) => path.includes('.unfinished')),
        hit,
      ).toEqual([]);
      outcomes[code] = (outcomes[code] ?? 0) + 1;
    }
    tried(context, errno === 'EIO' ? 'write-error' : 'disk-full', outcomes);
  },
);

function isMade(left: ReadonlyMap<string, Uint8Array>): boolean {
  return left.has(`${copyDir}/STORE.json`);
}

test('the new store is refused where something is', async () => {
  const env = await diskOf(await sampleStore({ closed: true }));
  await restore(env);
  await expect(restore(env)).rejects.toMatchObject({ code: 'E_PLACE', exit: 7 });
  const store = await openStore(env, copyDir, { machine: make });
  await store.append(packed([Buffer.from(textOf(9))]));
  await store.close();
  expect((await verifyStore(env, copyDir)).verdict).toBe('clean');
});

import { expect, test } from 'vitest';
import { compactStore, planCompact } from '../../../src/storage/compact.ts';
import { openStore } from '../../../src/storage/store.ts';
import { packed } from '../../../src/storage/wal/records.ts';
import { ListMachine } from '../crash/list-machine.ts';
import {
  bytesAt,
  dir,
  diskOf,
  fileOf,
  flipped,
  type Image,
  imageOf,
  make,
  ofNewerFormat,
  sampleStore,
  withFile,
} from './image.ts';
import { texts } from './judge.ts';

async function compacted(image: Image, keep: number): Promise<{ image: Image; removed: string[] }> {
  const env = await diskOf(image);
  const store = await openStore(env, dir, { machine: make });
  const { removedSegments, removedSnapshots } = await compactStore(env, store, { keep });
  await store.close();
  return { image: imageOf(env.fs), removed: [...removedSegments, ...removedSnapshots] };
}

async function planned(image: Image, keep: number): Promise<string[]> {
  const env = await diskOf(image);
  const plan = await planCompact(env, dir, { keep });
  expect(imageOf(env.fs), 'a plan writes nothing').toEqual(image);
  return [...plan.segments.map((segment) => segment.file), ...plan.snapshots];
}

test.each([1, 2, 3, 4])('the plan of a compaction that keeps %i is what it then does, once and again', async (keep) => {
  const image = await sampleStore({ closed: true });
  const first = await compacted(image, keep);
  expect(await planned(image, keep)).toEqual(first.removed);
  expect(await planned(first.image, keep)).toEqual((await compacted(first.image, keep)).removed);
});

test('a plan is refused where opening would be: a damaged log promises nothing', async () => {
  const image = await sampleStore({ closed: true });
  const path = fileOf(image, '0000000003-');
  const env = await diskOf(withFile(image, path, flipped(bytesAt(image, path), 150 * 8)));
  await expect(planCompact(env, dir, { keep: 1 })).rejects.toMatchObject({ exit: 3 });
});

test('a snapshot that cannot cover the log is named by the plan, and by the compaction', async () => {
  const image = await sampleStore({ closed: true });
  const path = fileOf(image, '04.snap');
  const bytes = bytesAt(image, path);
  const damaged = withFile(image, path, flipped(bytes, (bytes.length - 20) * 8));
  const env = await diskOf(damaged);
  const named = [expect.objectContaining({ file: path.slice(`${dir}/`.length), severity: 'degraded' })];
  expect(await planCompact(env, dir, { keep: 3 })).toMatchObject({ findings: named, segments: [] });
  const store = await openStore(env, dir, { machine: make });
  expect(await compactStore(env, store, { keep: 3 })).toMatchObject({ findings: named, removedSegments: [] });
  await store.close();
});

test.each([20, 200])('a bad snapshot goes once enough good ones are newer, damaged at byte %i', async (at) => {
  const image = await sampleStore({ closed: true });
  const path = fileOf(image, '04.snap');
  const { removed } = await compacted(withFile(image, path, flipped(bytesAt(image, path), at * 8)), 1);
  expect(removed).toContain(path.slice(`${dir}/`.length));
});

test('an older snapshot that a newer walq wrote stays, and is named', async () => {
  const image = await sampleStore({ closed: true });
  const path = fileOf(image, '04.snap');
  const env = await diskOf(withFile(image, path, ofNewerFormat(bytesAt(image, path))));
  const named = [expect.objectContaining({ code: 'E_NEWER_FORMAT', file: path.slice(`${dir}/`.length) })];
  expect(await planCompact(env, dir, { keep: 1 })).toMatchObject({ findings: named });
  const store = await openStore(env, dir, { machine: make });
  expect(await compactStore(env, store, { keep: 1 })).toMatchObject({ findings: named });
  await store.close();
  expect(imageOf(env.fs).has(path)).toBe(true);
});

/** Gives entries to a snapshot that load as another state: what a defect in an encoder would do. */
class ForgetfulMachine extends ListMachine {
  override load(entry: Uint8Array): void {
    if (this.items.length !== 2) super.load(entry);
    else this.items.push('another record');
  }
}

test('a state that reads back as another one stops a compaction before anything is removed', async () => {
  const env = await diskOf(await sampleStore({ closed: true }));
  const store = await openStore(env, dir, { machine: () => new ForgetfulMachine(), keepSnapshots: 1 });
  store.machine.items.splice(0, 12, ...texts(12));
  const logOf = () => [...imageOf(env.fs).keys()].filter((path) => path.endsWith('.wal'));
  const before = logOf();
  await expect(compactStore(env, store, { keep: 1 })).rejects.toMatchObject({ code: 'E_COMPACT_MISMATCH', exit: 3 });
  await store.close();
  expect(logOf()).toEqual(expect.arrayContaining(before));
});

test.each([1, 2])('beside appends and other snapshots the one that was proved stays, keeping %i', async (keep) => {
  const env = await diskOf(await sampleStore({ closed: true }));
  const store = await openStore(env, dir, { machine: make });
  const reload = store.reload.bind(store);
  store.reload = async () => {
    const look = await reload();
    await store.append(packed([Buffer.from('meanwhile')]));
    await store.checkpoint({ clean: false });
    return look;
  };
  const { snapshot, removedSegments } = await compactStore(env, store, { keep });
  await store.append(packed([Buffer.from('afterwards')]));
  await store.close();
  const names = [...imageOf(env.fs).keys()];
  expect(names).toEqual(expect.arrayContaining([expect.stringContaining(snapshot.file)]));
  expect(names.filter((name) => name.endsWith('.snap'))).toHaveLength(keep + 1);
  expect(removedSegments.length).toBeGreaterThan(0);
  expect((await openStore(env, dir, { machine: make })).machine.items.slice(-2)).toEqual(['meanwhile', 'afterwards']);
});

import { expect, test } from 'vitest';
import { removeTree } from '../../../src/fs/folder.ts';
import { simEnv } from '../../support/env.ts';
import { crashStates } from '../../support/sim-crash.ts';
import { SimFs } from '../../support/sim-fs.ts';
import { imageAfterKill } from '../../support/sim-image.ts';
import { isChange, SimCrash } from '../../support/sim-ops.ts';
import { tried } from '../../support/tried.ts';
import { diskOf, imageOf, sampleStore, textOf } from '../damage/image.ts';
import {
  backup,
  copyDir,
  crashOptions,
  expectSameFiles,
  failing,
  filesBelow,
  itemsOf,
  pointsOf,
  storeFiles,
} from './support.ts';

const all = Array.from({ length: 12 }, (_, index) => textOf(index + 1));

test('a backup that dies at any call leaves no copy or a whole one, and the store as it was', async (context) => {
  const env = await diskOf(await sampleStore({ closed: true }));
  const before = storeFiles(env);
  const points = await pointsOf(env, () => backup(env));
  const seen = { nothing: 0, whole: 0 };
  const known = new Set<string>();
  for (const point of points) {
    for (const { fs, label } of crashStates(point.fs, crashOptions)) {
      const left = imageOf(fs);
      expectSameFiles(filesBelow(left, '/s'), before);
      const copy = filesBelow(left, copyDir);
      expect(!point.answered || copy.size > 0, `an answer means that the copy is on disk: ${label}`).toBe(true);
      seen[copy.size === 0 ? 'nothing' : 'whole']++;
      const key = [...copy.values()].map((bytes) => Buffer.from(bytes).toString('base64')).join();
      if (copy.size === 0 || known.has(key)) continue;
      known.add(key);
      expect(await itemsOf(copy), label).toEqual(all);
    }
  }
  expect(points.length).toBeGreaterThan(30);
  expect(seen.nothing).toBeGreaterThan(100);
  expect(seen.whole).toBeGreaterThan(1);
  tried(context, 'power-loss', seen);
});

test('what a backup that died left behind is named, and once it is gone the next one works', async () => {
  const env = await diskOf(await sampleStore({ closed: true }));
  env.fs.inject({ nth: 3, match: (record) => record.kind === 'write', die: 'before' });
  await expect(backup(env)).rejects.toThrow(SimCrash);
  const again = simEnv({ fs: new SimFs(imageAfterKill(env.fs.root)) });
  await expect(backup(again)).rejects.toMatchObject({ code: 'E_UNFINISHED', exit: 7 });
  await removeTree(again.fs, `${copyDir}.unfinished`);
  await backup(again);
  expect(await itemsOf(filesBelow(imageOf(again.fs), copyDir))).toEqual(all);
});

test.for(['ENOSPC', 'EIO', 'EACCES'])(
  '%s at any change of a backup: no copy, nothing left, the store as it was',
  async (errno, context) => {
    const image = await sampleStore({ closed: true });
    const before = storeFiles(await diskOf(image));
    const outcomes: Record<string, number> = {};
    for await (const { code, hit, left } of failing(image, backup, ({ kind }) => isChange(kind), errno)) {
      expect(code, hit).toBe(errno === 'ENOSPC' ? 'E_NO_SPACE' : 'E_IO');
      expectSameFiles(filesBelow(left, '/s'), before);
      expect(filesBelow(left, copyDir).size, hit).toBe(0);
      expect(
        [...left.keys()].filter((path) => path.includes('.unfinished')),
        hit,
      ).toEqual([]);
      outcomes[code] = (outcomes[code] ?? 0) + 1;
    }
    expect(Object.values(outcomes)[0]).toBeGreaterThan(20);
    if (errno === 'ENOSPC') tried(context, 'disk-full', outcomes);
    else tried(context, 'write-error', outcomes);
  },
);

test('an I/O error at any read of a backup is an I/O error, never damage and never a copy', async (context) => {
  const image = await sampleStore({ closed: true });
  const reads = new Set(['open', 'read', 'readdir', 'lstat', 'stat', 'info']);
  const outcomes: Record<string, number> = {};
  for await (const { code, hit, left } of failing(image, backup, ({ kind }) => reads.has(kind), 'EIO')) {
    expect(['E_READ', 'E_IO'], hit).toContain(code);
    expect(filesBelow(left, copyDir).size, hit).toBe(0);
    outcomes[code] = (outcomes[code] ?? 0) + 1;
  }
  tried(context, 'read-error', outcomes);
});

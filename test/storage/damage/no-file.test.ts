import { expect, test } from 'vitest';
import { verifyStore } from '../../../src/storage/read.ts';
import { openStore } from '../../../src/storage/store.ts';
import { putLink } from '../../support/sim-edit.ts';
import { plan, salvage, segmentParts } from '../repair/salvage-support.ts';
import { dir, diskOf, fileOf, make, sampleStore, withFile } from './image.ts';

/** Something else than a file under the name of one: nothing of the file is there, and all else can be read. */

for (const kind of ['folder', 'link that leads nowhere']) {
  const withPlace = async (part: string) => {
    const image = await sampleStore({ closed: true });
    const path = fileOf(image, part);
    const env = await diskOf(withFile(image, path, undefined));
    if (kind === 'folder') await env.fs.mkdir(path);
    else putLink(env.fs, path, '/nowhere');
    return { env, file: path.slice(dir.length + 1), without: await diskOf(withFile(image, path, undefined)) };
  };

  test(`a ${kind} in place of a segment or HEAD is named, counts as missing, and stops no salvage`, async () => {
    for (const part of [...segmentParts, '/HEAD']) {
      const { env, file, without } = await withPlace(part);
      const report = await verifyStore(env, dir);
      const missing = await verifyStore(without, dir);
      expect(report.verdict, part).toBe('corrupt');
      expect(report.findings).toContainEqual({
        code: 'E_NOT_A_FILE',
        severity: 'corrupt',
        file,
        message: expect.stringContaining(`a ${kind} stands where `),
      });
      expect([report.lost, report.lostUnknown], part).toEqual([missing.lost, missing.lostUnknown]);
      expect((await plan(env)).sha256, part).toBe((await plan(without)).sha256);
      await salvage(env);
      await expect(openStore(env, dir, { machine: make }), part).rejects.toMatchObject({ exit: 3 });
    }
  });

  test(`a ${kind} in place of a snapshot is degraded, and the others are used`, async () => {
    for (const part of ['00000004.snap', '00000008.snap']) {
      const { env, file } = await withPlace(part);
      const report = await verifyStore(env, dir);
      expect([report.verdict, report.lost]).toEqual(['degraded', []]);
      expect(report.findings).toMatchObject([{ code: 'E_NOT_A_FILE', severity: 'degraded', file }]);
      const store = await openStore(env, dir, { machine: make });
      expect(store.seqLast).toBe(12);
      await store.close();
    }
  });
}

import { expect, test } from 'vitest';
import { replayTo } from '../../../src/storage/replay.ts';
import { everyStore, framesOf } from './every-store.ts';
import { bytesAt, dir, diskOf, fileOf, type Image, make, withFile } from './image.ts';
import { judge, texts } from './judge.ts';
import { lies, truthOf } from './truth.ts';

/** Headers of segments, every set of them: nothing is lost but what no other file knows the salt of. */

const parts = ['0000000001-', '0000000002-', '0000000003-'];

function withoutHeaders(image: Image, which: readonly string[]): Image {
  let damaged = image;
  for (const part of which) {
    const path = fileOf(image, part);
    damaged = withFile(damaged, path, bytesAt(image, path).slice().fill(0x5a, 16, 80));
  }
  return damaged;
}

const sets = [1, 2, 3, 4, 5, 6, 7].map((bits) => parts.filter((_, index) => bits & (1 << index)));

test.each(sets.map((set) => [set.join(' and '), set] as const))(
  'damage to the headers of %s: the loss is exact, the state is right, and a writer refuses what it has to read',
  async (_, set) => {
    for (const snapshots of [true, false]) {
      const all = await everyStore({ closed: true });
      const image = new Map([...all].filter(([path]) => snapshots || !path.endsWith('.snap')));
      const damaged = withoutHeaders(image, set);
      const { report, opened, items } = await judge(damaged);
      expect(report.verdict).toBe('corrupt');
      expect(lies(report, truthOf(image, damaged, await framesOf(image)))).toEqual([]);
      if (opened === 'opened') expect(items).toEqual(texts(12));
      if (!snapshots || set.includes('0000000003-')) expect(opened).toBe('refused');
      const { machine, seq, whole } = await replayTo(await diskOf(damaged), dir, make);
      expect(machine.items).toEqual(texts(seq));
      expect(whole).toBe(seq === 12);
    }
  },
);

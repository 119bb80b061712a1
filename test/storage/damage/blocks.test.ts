import { expect, test } from 'vitest';
import { Prng } from '../../support/seeded-random.ts';
import { tried } from '../../support/tried.ts';
import { framesOf, largeStore, largeText } from './every-store.ts';
import { bytesAt, type Image, withFile } from './image.ts';
import { judge } from './judge.ts';
import { lies, truthOf } from './truth.ts';

/** What a disk does to whole sectors and pages: each block of each file zeroed, all ones, or filled with chance. */

const fills: Readonly<Record<string, (block: Uint8Array, random: Prng) => void>> = {
  zero: (block) => void block.fill(0),
  ones: (block) => void block.fill(0xff),
  random: (block, random) => block.set(random.bytes(block.length)),
};
const allTexts = Array.from({ length: 36 }, (_, index) => largeText(index + 1));

/** One image for each block of the file that a fill changes. */
async function eachBlock(image: Image, path: string, check: (image: Image, what: string) => Promise<void>) {
  const random = new Prng(7);
  const bytes = bytesAt(image, path);
  for (const size of [512, 4096]) {
    for (let from = 0; from < bytes.length; from += size) {
      for (const [name, fill] of Object.entries(fills)) {
        const copy = bytes.slice();
        fill(copy.subarray(from, from + size), random);
        if (Buffer.compare(copy, bytes) === 0) continue;
        await check(withFile(image, path, copy), `${path}: ${size} bytes from ${from}: ${name}`);
      }
    }
  }
}

const pathsOf = (image: Image, form: RegExp): string[] => [...image.keys()].filter((path) => form.test(path));

test('a bad block in the log is named at its place with the exact loss, and nothing else is', async (context) => {
  const image = await largeStore();
  const frames = await framesOf(image);
  const outcomes = { 'corrupt, refused': 0, 'corrupt, below a snapshot, opens': 0 };
  for (const path of pathsOf(image, /\.wal$/)) {
    await eachBlock(image, path, async (damaged, what) => {
      const { report, opened, items } = await judge(damaged);
      expect(report.verdict, what).toBe('corrupt');
      expect(lies(report, truthOf(image, damaged, frames)), what).toEqual([]);
      if (opened === 'opened') expect(items, what).toEqual(allTexts);
      outcomes[opened === 'opened' ? 'corrupt, below a snapshot, opens' : 'corrupt, refused']++;
    });
  }
  tried(context, 'bad-block', outcomes);
});

test('a bad block in a snapshot is degraded, and the state is the same', async (context) => {
  const image = await largeStore();
  const outcomes = { 'degraded, opens': 0 };
  for (const path of pathsOf(image, /\.snap$/)) {
    await eachBlock(image, path, async (damaged, what) => {
      const { report, items } = await judge(damaged);
      expect(report.verdict, what).toBe('degraded');
      const accused = report.findings.filter((finding) => finding.severity !== 'note').map(({ file }) => `/s/${file}`);
      expect(new Set(accused), what).toEqual(new Set([path]));
      expect(items, what).toEqual(allTexts);
      outcomes['degraded, opens']++;
    });
  }
  tried(context, 'bad-block', outcomes);
});

test('a bad block in HEAD is a note, and in STORE.json it is refused; neither loses a record', async (context) => {
  const image = await largeStore();
  const outcomes = { 'note, opens': 0, refused: 0 };
  await eachBlock(image, '/s/HEAD', async (damaged, what) => {
    const { report, items } = await judge(damaged);
    expect(report.verdict, what).toBe('clean');
    expect(
      report.findings.map(({ code, file }) => `${code} ${file}`),
      what,
    ).toContain('E_HEAD_SLOT HEAD');
    expect(items, what).toEqual(allTexts);
    outcomes['note, opens']++;
  });
  await eachBlock(image, '/s/STORE.json', async (damaged, what) => {
    const { report, opened } = await judge(damaged);
    expect([report.verdict, opened, report.lost], what).toEqual(['corrupt', 'refused', []]);
    outcomes.refused++;
  });
  tried(context, 'bad-block', outcomes);
});

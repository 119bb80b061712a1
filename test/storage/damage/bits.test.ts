import { expect, test } from 'vitest';
import { bytesAt, eachBit, fileOf, sampleStore, withFile } from './image.ts';
import { judge, texts } from './judge.ts';

/** Every single bit of the log of a small store, through the public API. */

for (const part of ['0000000001-', '0000000002-', '0000000003-']) {
  test(`a flipped bit in segment ${part}… is corrupt, named by its place, and refused`, async () => {
    const image = await sampleStore({ closed: true });
    const cases = await eachBit(image, part, async (bit, damaged, file) => {
      const at = bit >> 3;
      const { report, opened } = await judge(damaged);
      expect(report.verdict, `bit ${bit}`).toBe('corrupt');
      const place = report.findings.find((finding) => finding.file === file && finding.severity === 'corrupt');
      expect(place, `bit ${bit} of ${file}`).toBeDefined();
      if (place?.offset !== undefined && place.end !== undefined) {
        expect(place.offset, `bit ${bit}`).toBeLessThanOrEqual(at);
        expect(place.end, `bit ${bit}`).toBeGreaterThan(at);
      }
      // Below the newest snapshot an opening need not look; what it opens must then be whole.
      if (opened === 'opened') expect(part).not.toBe('0000000003-');
    });
    expect(cases).toBe(bytesAt(image, fileOf(image, part)).length * 8);
  });
}

test('an opening that skips a damaged old segment still has every record', async () => {
  const image = await sampleStore({ closed: true });
  let opened = 0;
  await eachBit(
    image,
    '0000000001-',
    async (_bit, damaged) => {
      const outcome = await judge(damaged);
      if (outcome.opened === 'opened') expect(outcome.items).toEqual(texts(12));
      opened += outcome.opened === 'opened' ? 1 : 0;
    },
    7,
  );
  expect(opened).toBeGreaterThan(0);
});

test('without HEAD, a flipped bit in the last frame is ambiguous, in an earlier one corrupt', async () => {
  const full = await sampleStore({ closed: false });
  const image = withFile(full, '/s/HEAD', undefined);
  const path = fileOf(image, '0000000003-');
  const lastFrame = bytesAt(image, path).length - 56;
  const seen = new Set<string>();
  await eachBit(image, '0000000003-', async (bit, damaged) => {
    const { report, opened } = await judge(damaged);
    expect(opened).toBe('refused');
    expect(report.verdict, `bit ${bit}, byte ${bit >> 3} of ${lastFrame}`).toBe(
      bit >> 3 >= lastFrame ? 'ambiguous' : 'corrupt',
    );
    seen.add(report.verdict);
  });
  expect([...seen].sort()).toEqual(['ambiguous', 'corrupt']);
});

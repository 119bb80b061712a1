import { expect, test } from 'vitest';
import { tried } from '../../support/tried.ts';
import { everyStore, framesOf } from './every-store.ts';
import { bytesAt, eachBit, fileOf, sampleStore, withFile } from './image.ts';
import { judge, texts } from './judge.ts';
import { lies, truthOf } from './truth.ts';

/** Every single bit of the log of a small store, through the public API. */

test('the store has every kind of frame, and snapshots of both codecs', async () => {
  const image = await everyStore({ closed: true });
  const types = new Set((await framesOf(image)).map((frame) => frame.type));
  expect([...types].sort()).toEqual(['close', 'data', 'lost', 'open', 'other', 'seal', 'snapshot']);
  const codecs = [...image].filter(([path]) => path.endsWith('.snap')).map(([, bytes]) => bytes[76 + 8]);
  expect(new Set(codecs)).toEqual(new Set([0, 1]));
});

for (const part of ['0000000001-', '0000000002-', '0000000003-']) {
  test(`a flipped bit in segment ${part}… is named at its place, with the exact loss, alone`, async (context) => {
    const image = await everyStore({ closed: true });
    const frames = await framesOf(image);
    const outcomes = { corrupt: 0 };
    await eachBit(image, part, async (bit, damaged) => {
      const { report, opened, items } = await judge(damaged);
      expect(report.verdict, `bit ${bit}`).toBe('corrupt');
      expect(lies(report, truthOf(image, damaged, frames)), `bit ${bit} of ${part}`).toEqual([]);
      // Below the newest snapshot an opening need not look; what it opens must then be whole.
      if (opened === 'opened') expect(part).not.toBe('0000000003-');
      if (opened === 'opened') expect(items).toEqual(texts(12));
      outcomes.corrupt++;
    });
    expect(outcomes.corrupt).toBe(bytesAt(image, fileOf(image, part)).length * 8);
    tried(context, 'flip-bit', outcomes);
  });
}

test('an opening skips a damaged segment that its snapshot covers', async () => {
  const image = await everyStore({ closed: true });
  const opened: unknown[] = [];
  const look = async (_bit: number, damaged: typeof image) => {
    opened.push((await judge(damaged)).opened);
  };
  await eachBit(image, '0000000001-', look, 97);
  expect(opened.length).toBeGreaterThan(10);
  expect(opened.filter((each) => each !== 'opened')).toEqual([]);
});

test('without HEAD, a flipped bit in the last frame is ambiguous, in an earlier one corrupt', async (context) => {
  const full = await sampleStore({ closed: false });
  const image = withFile(full, '/s/HEAD', undefined);
  const path = fileOf(image, '0000000003-');
  const lastFrame = bytesAt(image, path).length - 56;
  const outcomes = { ambiguous: 0, corrupt: 0 };
  await eachBit(image, '0000000003-', async (bit, damaged) => {
    const { report, opened } = await judge(damaged);
    expect(opened).toBe('refused');
    const expected = bit >> 3 >= lastFrame ? 'ambiguous' : 'corrupt';
    expect(report.verdict, `bit ${bit}, byte ${bit >> 3} of ${lastFrame}`).toBe(expected);
    outcomes[expected]++;
  });
  expect(outcomes.ambiguous).toBe(56 * 8);
  tried(context, 'flip-bit', outcomes);
});

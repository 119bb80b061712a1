import { expect, test } from 'vitest';
import { bytesAt, eachBit, flipped, sampleStore, withFile } from './image.ts';
import { goesOn, judge, texts } from './judge.ts';

/** Every single bit of what lies beside the log: HEAD, snapshots, STORE.json. */

test('a flipped bit in HEAD is a note at most, exits 0, and the store goes on', async () => {
  const image = await sampleStore({ closed: true });
  const bytes = bytesAt(image, '/s/HEAD');
  for (let at = 0; at < bytes.length; at++) {
    const inUse = at < 16 || (at >= 4096 && at < 4160) || (at >= 8192 && at < 8256);
    if (!inUse && at % 97 !== 0) continue;
    for (let bit = at * 8; bit < at * 8 + 8; bit++) {
      const outcome = await judge(withFile(image, '/s/HEAD', flipped(bytes, bit)));
      expect(outcome.report.verdict, `bit ${bit}`).toBe('clean');
      expect(
        outcome.report.findings.map((finding) => finding.code),
        `bit ${bit}`,
      ).toContain('E_HEAD_SLOT');
      expect(outcome.items).toEqual(texts(12));
    }
  }
  await goesOn(withFile(image, '/s/HEAD', flipped(bytes, 8200 * 8)), texts(12));
});

test('a flipped bit in a snapshot is degraded; the other one and the log give the same state', async () => {
  const image = await sampleStore({ closed: true });
  for (const part of ['00000004.snap', '00000008.snap']) {
    await eachBit(image, part, async (bit, damaged) => {
      const { report, opened, items } = await judge(damaged);
      expect(report.verdict, `bit ${bit} of ${part}`).toBe('degraded');
      expect(opened).toBe('opened');
      expect(items).toEqual(texts(12));
    });
  }
});

test('a flipped bit in STORE.json is refused and nothing of the log is called lost', async () => {
  const image = await sampleStore({ closed: true });
  await eachBit(image, 'STORE.json', async (bit, damaged) => {
    const { report, opened } = await judge(damaged);
    expect(opened, `bit ${bit}`).toBe('refused');
    expect(report.verdict).toBe('corrupt');
    expect(report.lost).toEqual([]);
  });
});

import { expect, test } from 'vitest';
import { tried } from '../../support/tried.ts';
import { everyStore } from './every-store.ts';
import { bytesAt, eachBit, fileOf, flipped, withFile } from './image.ts';
import { goesOn, judge, texts } from './judge.ts';

/** Every single bit of what lies beside the log: HEAD, snapshots, STORE.json. */

test('a flipped bit in HEAD is a note at most, exits 0, and the store goes on', async (context) => {
  const image = await everyStore({ closed: true });
  const bytes = bytesAt(image, '/s/HEAD');
  const outcomes = { 'note, opens': 0 };
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
      outcomes['note, opens']++;
    }
  }
  await goesOn(withFile(image, '/s/HEAD', flipped(bytes, 8200 * 8)), texts(12));
  tried(context, 'flip-bit', outcomes);
});

test('a flipped bit in a snapshot is degraded, named; another one and the log give the same state', async (context) => {
  const image = await everyStore({ closed: true });
  const outcomes = { 'degraded, opens': 0 };
  for (const part of ['00000001.snap', '00000004.snap', '00000008.snap']) {
    const file = fileOf(image, part).slice('/s/'.length);
    await eachBit(image, part, async (bit, damaged) => {
      const { report, opened, items } = await judge(damaged);
      expect(report.verdict, `bit ${bit} of ${part}`).toBe('degraded');
      const faults = report.findings.filter((finding) => finding.severity !== 'note');
      expect(
        faults.every((finding) => finding.file === file),
        `bit ${bit} of ${part}`,
      ).toBe(true);
      expect(report.lost).toEqual([]);
      expect(opened).toBe('opened');
      expect(items).toEqual(texts(12));
      outcomes['degraded, opens']++;
    });
  }
  tried(context, 'flip-bit', outcomes);
});

test('a flipped bit in STORE.json is refused and nothing of the log is called lost', async (context) => {
  const image = await everyStore({ closed: true });
  const outcomes = { refused: 0 };
  await eachBit(image, 'STORE.json', async (bit, damaged) => {
    const { report, opened } = await judge(damaged);
    expect(opened, `bit ${bit}`).toBe('refused');
    expect(report.verdict).toBe('corrupt');
    expect(report.lost).toEqual([]);
    outcomes.refused++;
  });
  tried(context, 'flip-bit', outcomes);
});

import { expect, test } from 'vitest';
import { verifyStore } from '../../../src/storage/read.ts';
import { openStore } from '../../../src/storage/store.ts';
import { packed } from '../../../src/storage/wal/records.ts';
import { simEnv } from '../../support/env.ts';
import { appendSome, bytesAt, dir, diskOf, fileOf, type Image, imageOf, make, withFile } from '../damage/image.ts';
import { judge } from '../damage/judge.ts';
import { recordsIn, span } from './salvage-check.ts';
import { destroyed, salvage } from './salvage-support.ts';

/** Records 1..5 in two segments; from there two copies go their own ways, to 14, in the second one and two more. */
async function twoWays(ourLast = 14, theirLast = 14): Promise<[ours: Image, theirs: Image]> {
  const env = simEnv();
  const store = await openStore(env, dir, { machine: make, create: true });
  await appendSome(store, 1, 3);
  await store.rotate();
  await appendSome(store, 4, 5);
  await store.close();
  const start = imageOf(env.fs);
  return [await goOn(start, 'ours', 11, ourLast), await goOn(start, 'theirs', 12, theirLast)];
}

async function goOn(from: Image, who: string, seed: number, last: number): Promise<Image> {
  const env = simEnv({ fs: (await diskOf(from)).fs, seed });
  const store = await openStore(env, dir, { machine: make });
  for (const row of [span(6, 8), span(9, 11), span(12, 14)].filter(([first = 0]) => first <= last)) {
    for (const seq of row) await store.append(packed([Buffer.from(`${who} ${seq}`)]));
    // The snapshot stands in the third segment.
    if (row.includes(10)) await store.checkpoint();
    if (!row.includes(last)) await store.rotate();
  }
  await store.close();
  return imageOf(env.fs);
}

/** A store of ours in which these files are theirs. */
function mixed(ours: Image, theirs: Image, parts: readonly string[]): Image {
  return parts.reduce(
    (image, part) => withFile(image, fileOf(ours, part), bytesAt(theirs, fileOf(theirs, part))),
    ours,
  );
}

test.each([
  { parts: ['0000000003-'], lost: [9, 11], after: 3 },
  { parts: ['0000000004-'], lost: [12, 14], after: 0 },
  { parts: ['0000000003-', '0000000004-'], lost: [9, 14], after: 0 },
  { parts: ['0000000003-', '.snap'], lost: [9, 11], after: 3, theirSnapshot: true },
])(
  'segments of a copy that went its own way, $parts, are not taken for ours: what they replaced is lost',
  async (mix) => {
    const [ours, theirs] = await twoWays();
    const [first = 0, last = 0] = mix.lost;
    const image = mixed(ours, theirs, mix.parts);
    const { report, opened, code } = await judge(image);
    expect({ opened, code }).toMatchObject({ opened: 'refused' });
    expect(report).toMatchObject({
      verdict: 'corrupt',
      lost: [{ seqFirst: first, seqLast: last }],
      lostUnknown: false,
    });
    expect(report.recordsAfterHole).toBe(mix.after);
    const foreign = report.findings.flatMap((finding) => (finding.code === 'E_FOREIGN_SEGMENT' ? [finding.file] : []));
    const segments = mix.parts.filter((part) => part !== '.snap');
    expect(foreign).toEqual(segments.map((part) => fileOf(ours, part).slice(dir.length + 1)));
    const misfits = report.findings.filter((finding) => finding.code === 'E_SNAPSHOT_CHAIN');
    expect(misfits.length).toBe(mix.theirSnapshot ? 1 : 0);

    const env = await diskOf(image);
    const planned = await salvage(env);
    expect(planned.foreign).toEqual(foreign);
    expect(planned.lost).toEqual([{ seqFirst: first, seqLast: last }]);
    const texts = [...(await recordsIn(env)).values()];
    expect(texts.filter((text) => text.startsWith('theirs'))).toEqual([]);
    expect(texts.length).toBe(14 - (last - first + 1));
  },
);

/** What stands beside it, in other segments and in the one of the copy: no matter to whose that is. */
const damages: Record<string, (image: Image) => Image> = {
  'room that a writer left behind the end': (image) =>
    changed(image, '0000000004-', (bytes) => [bytes, new Uint8Array(4096)]),
  'a torn write': (image) => changed(image, '0000000004-', (bytes) => [bytes, bytes.subarray(96, 130)]),
  'a frame destroyed': (image) => changed(image, '0000000001-', (bytes) => [destroyed(bytes, 104, 20)]),
  'a frame of the copy destroyed': (image) => changed(image, '0000000003-', (bytes) => [destroyed(bytes, 104, 20)]),
  'bytes put in': (image) =>
    changed(image, '0000000004-', (bytes) => [bytes.subarray(0, 200), new Uint8Array(9).fill(42), bytes.subarray(200)]),
  'a second copy of the last one': (image) =>
    withFile(image, `${dir}/wal/0000000008-00000000000000000088.wal`, bytesAt(image, fileOf(image, '0000000004-'))),
};

function changed(image: Image, part: string, change: (bytes: Uint8Array) => Uint8Array[]): Image {
  const path = fileOf(image, part);
  return withFile(image, path, new Uint8Array(Buffer.concat(change(bytesAt(image, path)))));
}

test.each(Object.keys(damages))('other damage does not hide whose the segments are: %s', async (what) => {
  const [ours, theirs] = await twoWays();
  const image = damages[what]?.(mixed(ours, theirs, ['0000000003-'])) ?? ours;
  const env = await diskOf(image);
  const report = await verifyStore(env, dir);
  const planned = await salvage(env);
  const foreign = fileOf(ours, '0000000003-').slice(dir.length + 1);
  expect(planned.foreign).toEqual([foreign]);
  expect(report.findings).toContainEqual(expect.objectContaining({ code: 'E_FOREIGN_SEGMENT', file: foreign }));
  expect({ lost: report.lost, lostUnknown: report.lostUnknown }).toEqual({
    lost: planned.lost,
    lostUnknown: planned.lostUnknown,
  });
  expect(planned.lost).toContainEqual({ seqFirst: 9, seqLast: 11 });
  const texts = [...(await recordsIn(env)).values()];
  expect(texts.filter((text) => text.startsWith('theirs'))).toEqual([]);
});

test('the last segment of a copy, without a SEAL, is not ours, nor is what was written behind our end', async () => {
  const third = fileOf((await twoWays())[0], '0000000003-').slice(dir.length + 1);
  const fourth = third.replace('0000000003-00000000000000000009', '0000000004-00000000000000000012');
  const [ours, theirShort] = await twoWays(14, 11);
  const [ourShort, theirs] = await twoWays(11, 14);
  const behind = withFile(ourShort, `${dir}/${fourth}`, bytesAt(theirs, `${dir}/${fourth}`));
  const torn = changed(behind, '0000000003-', (bytes) => [bytes, bytes.subarray(96, 130)]);
  for (const [image, foreign, lost] of [
    [mixed(ours, theirShort, ['0000000003-']), third, [{ seqFirst: 9, seqLast: 11 }]],
    [behind, fourth, []],
    [torn, fourth, []],
  ] as const) {
    const env = await diskOf(image);
    const report = await verifyStore(env, dir);
    const planned = await salvage(env);
    expect([planned.foreign, planned.lost, planned.lostUnknown]).toEqual([[foreign], lost, false]);
    expect([report.verdict, report.lost, report.lostUnknown]).toEqual(['corrupt', lost, false]);
    expect([...(await recordsIn(env)).values()].filter((text) => text.startsWith('theirs'))).toEqual([]);
  }
});

test('a second copy of one of theirs, under a wrong name, is not ours either', async () => {
  const [ours, theirs] = await twoWays();
  const image = mixed(ours, theirs, ['0000000003-']);
  const third = fileOf(ours, '0000000003-');
  const second = `${dir}/wal/0000000008-00000000000000000088.wal`;
  const copied = withFile(image, second, bytesAt(theirs, third));
  // With room behind the end, nothing is proven to lie behind that.
  for (const given of [copied, changed(copied, '0000000004-', (bytes) => [bytes, new Uint8Array(4096)])]) {
    const env = await diskOf(given);
    const report = await verifyStore(env, dir);
    const planned = await salvage(env);
    expect(planned.foreign.toSorted()).toEqual([third, second].map((path) => path.slice(dir.length + 1)));
    expect([planned.lost, report.lost]).toEqual([[{ seqFirst: 9, seqLast: 11 }], [{ seqFirst: 9, seqLast: 11 }]]);
  }
});

test('without HEAD nobody can say whose the segments are, and none is left out', async () => {
  const [ours, theirs] = await twoWays();
  const image = withFile(mixed(ours, theirs, ['0000000003-']), fileOf(ours, 'HEAD'), undefined);
  const { report, opened } = await judge(image);
  expect(opened).toBe('refused');
  const codes = report.findings.map(({ code }) => code);
  expect(codes).toContain('E_SEGMENT_CHAIN');
  expect(codes).not.toContain('E_FOREIGN_SEGMENT');
});

import { expect, test } from 'vitest';
import { crcOf } from '../../../src/base/bytes.ts';
import { verifyStore } from '../../../src/storage/read.ts';
import { openStore } from '../../../src/storage/store.ts';
import { tried } from '../../support/tried.ts';
import { everyStore, framesOf, recordsOfAll } from './every-store.ts';
import { bytesAt, dir, diskOf, fileOf, flipped, type Image, imageOf, make, ofNewerFormat, withFile } from './image.ts';
import { goesOn, judge, texts } from './judge.ts';

/** Files of a store that are each whole and do not go together: of other times, of other versions. */

const without = (image: Image, ...parts: string[]): Image =>
  parts.reduce((left, part) => withFile(left, fileOf(left, part), undefined), image);

test('a snapshot newer than the log, or wholly before it, is refused; a stale one opens', async (context) => {
  const image = await everyStore({ closed: true });
  const outcomes = { refused: 0, opens: 0 };
  // The log ends before seq 8 in each of these ways, and nothing but the snapshot says so.
  const second = fileOf(image, '0000000002-');
  for (const frame of (await framesOf(image)).filter(({ file }) => second.endsWith(file)).slice(0, 6)) {
    const cut = withFile(without(image, '0000000003-', '/HEAD'), second, bytesAt(image, second).slice(0, frame.offset));
    const { report, opened, code } = await judge(cut);
    expect([report.verdict, opened, code], `cut at ${frame.offset}`).toEqual([
      'corrupt',
      'refused',
      'E_SNAPSHOT_AHEAD',
    ]);
    const ahead = report.findings.find((finding) => finding.code === 'E_SNAPSHOT_AHEAD');
    expect(ahead).toMatchObject({ seqFirst: frame.seqFirst, seqLast: 8 });
    expect(report.lostUnknown, 'without HEAD the log may have gone on').toBe(true);
    outcomes.refused++;
  }
  for (const stale of [['04.snap', '08.snap'], ['08.snap'], ['01.snap', '04.snap', '08.snap']]) {
    const { report, items } = await judge(without(image, ...stale));
    expect(report.verdict, stale.join()).toBe('clean');
    expect(items).toEqual(texts(recordsOfAll));
    outcomes.opens++;
  }
  const { report, opened } = await judge(without(image, '04.snap', '08.snap', '0000000001-'));
  expect([report.verdict, opened]).toEqual(['no base', 'refused']);
  outcomes.refused++;
  tried(context, 'snapshot-apart', outcomes);
});

test('a segment that a copy of an older moment replaced is corrupt: HEAD knows more', async (context) => {
  const image = await everyStore({ closed: true });
  const path = fileOf(image, '0000000003-');
  const outcomes = { corrupt: 0 };
  for (const frame of (await framesOf(image)).filter(({ file }) => path.endsWith(file))) {
    const { report, opened } = await judge(withFile(image, path, bytesAt(image, path).slice(0, frame.offset)));
    expect([report.verdict, opened], `${frame.offset}`).toEqual(['corrupt', 'refused']);
    outcomes.corrupt++;
  }
  tried(context, 'moved-bytes', outcomes);
});

/** The file with another version in its first 16 bytes, and every checksum over them right again. */
function versioned(bytes: Uint8Array, version: number, oldestReader: number, headerCrcAt: number | undefined): Buffer {
  const copy = Buffer.from(bytes);
  copy.writeUInt16LE(version, 8);
  copy.writeUInt16LE(oldestReader, 10);
  copy.writeUInt32LE(crcOf(copy.subarray(0, 12)), 12);
  if (headerCrcAt !== undefined) copy.writeUInt32LE(crcOf(copy.subarray(0, headerCrcAt)), headerCrcAt);
  return copy;
}

test('a file of a newer format is named so, refused with exit 5, and nothing is called lost', async (context) => {
  const image = await everyStore({ closed: true });
  const outcomes = { 'exit 5': 0, opens: 0 };
  const files: [part: string, headerCrcAt?: number][] = [
    ['0000000001-', 92],
    ['0000000002-', 92],
    ['0000000003-', 92],
    ['01.snap', 72],
    ['08.snap', 72],
    ['/HEAD'],
  ];
  for (const [part, headerCrcAt] of files) {
    const path = fileOf(image, part);
    for (const [version, oldest] of [
      [3, 3],
      [9, 3],
      [0xffff, 0xffff],
    ] as const) {
      const { report, opened } = await judge(
        withFile(image, path, versioned(bytesAt(image, path), version, oldest, headerCrcAt)),
      );
      expect(report.verdict, `${part} ${version}`).toBe('newer');
      const newer = report.findings.filter(({ severity }) => severity !== 'note');
      expect(new Set(newer.map(({ code, file }) => `${code} ${file}`)), `${part} ${version}`).toEqual(
        new Set([`E_NEWER_FORMAT ${path.slice(dir.length + 1)}`]),
      );
      expect(report.lost).toEqual([]);
      // A snapshot or segment that this opening does not read refuses nothing.
      if (opened === 'opened') expect(part).toMatch(/^000000000[12]-|01\.snap/);
      outcomes[opened === 'opened' ? 'opens' : 'exit 5']++;
    }
  }
  const text = Buffer.from(bytesAt(image, `${dir}/STORE.json`))
    .toString()
    .replace('"version":1', '"version":2');
  const head = text.slice(0, text.indexOf(',"crc"'));
  const crc = crcOf(Buffer.from(head)).toString(16).padStart(8, '0');
  const env = await diskOf(withFile(image, `${dir}/STORE.json`, Buffer.from(`${head},"crc":"${crc}"}\n`)));
  const before = imageOf(env.fs);
  await expect(verifyStore(env, dir)).rejects.toMatchObject({ code: 'E_NEWER_FORMAT', exit: 5 });
  await expect(openStore(env, dir, { machine: make })).rejects.toMatchObject({ code: 'E_NEWER_FORMAT', exit: 5 });
  expect(imageOf(env.fs).get(`${dir}/STORE.json`)).toEqual(before.get(`${dir}/STORE.json`));
  outcomes['exit 5']++;
  tried(context, 'versions', outcomes);
});

test('a newer file beside something else that is wrong is refused all the same', async () => {
  const image = await everyStore({ closed: true });
  const newer = (from: Image, part: string): Image =>
    withFile(from, fileOf(from, part), ofNewerFormat(bytesAt(from, fileOf(from, part))));
  const spoiled = (from: Image, part: string): Image =>
    withFile(from, fileOf(from, part), flipped(bytesAt(from, fileOf(from, part)), 8 * 40));
  const bad = ['01.snap', '04.snap', '08.snap'].reduce(spoiled, image);
  const last = fileOf(image, '0000000003-');
  const unclear = withFile(image, last, Uint8Array.from([...bytesAt(image, last), ...new Uint8Array(700).fill(7)]));
  const baseless = without(image, '0000000001-', '01.snap', '04.snap');
  const cases = { bad: newer(bad, '0000000002-'), unclear: newer(unclear, '0000000002-') };
  for (const [what, each] of Object.entries({ ...cases, baseless: newer(baseless, '08.snap') })) {
    const { report, opened, code } = await judge(each);
    expect(report.verdict, what).toBe('newer');
    expect([opened, code], what).toEqual(['refused', 'E_NEWER_FORMAT']);
  }
});

test('a newer version that this one may read is read, beside files of this version', async (context) => {
  const image = await everyStore({ closed: true });
  const path = fileOf(image, '/HEAD');
  const mixed = withFile(image, path, versioned(bytesAt(image, path), 2, 1, undefined));
  const { report, items } = await judge(mixed);
  expect([report.verdict, report.findings]).toEqual(['clean', []]);
  expect(items).toEqual(texts(recordsOfAll));
  await goesOn(mixed, texts(recordsOfAll));
  tried(context, 'versions', { opens: 1 });
});

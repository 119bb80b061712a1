import { expect, test } from 'vitest';
import { scanSegmentFile, verifyStore } from '../../../src/storage/read.ts';
import { decodeSegmentHeader, encodeSegmentHeader, sealBytes } from '../../../src/storage/wal/format.ts';
import { plan } from '../repair/salvage-support.ts';
import { largeStore } from './every-store.ts';
import { bytesAt, dir, diskOf, fileOf, type Image, sampleStore, withFile } from './image.ts';

/** What a file of another store, or one under a wrong name, is called says nothing of how far the log went. */

const wal = (name: string): string => `${dir}/wal/${name}.wal`;

async function lossOf(image: Image) {
  const { lost, lostUnknown, verdict } = await verifyStore(await diskOf(image), dir);
  const planned = await plan(await diskOf(image));
  expect({ lost: planned.lost, lostUnknown: planned.lostUnknown }, 'the plan says the same').toEqual({
    lost,
    lostUnknown,
  });
  return { lost, lostUnknown, verdict };
}

test('a segment of another store behind a log that was not closed takes nothing with it', async () => {
  const open = await sampleStore({ closed: false });
  const theirs = await largeStore(9);
  for (const image of [open, withFile(open, `${dir}/HEAD`, undefined)]) {
    for (const part of ['0000000001-', '0000000003-']) {
      const foreign = withFile(image, wal('0000000004-00000000000000000500'), bytesAt(theirs, fileOf(theirs, part)));
      expect(await lossOf(foreign)).toEqual({ lost: [], lostUnknown: false, verdict: 'corrupt' });
      const apart = withFile(image, wal('0000000009-00000000000000000500'), bytesAt(theirs, fileOf(theirs, part)));
      expect(await lossOf(apart)).toEqual({ lost: [], lostUnknown: false, verdict: 'corrupt' });
    }
  }
});

test('nor does one, or what is no file, take anything from the segment in front of it that is read alone', async () => {
  const open = await sampleStore({ closed: false });
  const last = fileOf(open, '0000000003-');
  const room = withFile(open, last, Uint8Array.from([...bytesAt(open, last), ...new Uint8Array(4096)]));
  const theirs = await largeStore(9);
  const next = wal('0000000004-00000000000000000013');
  const foreign = await diskOf(withFile(room, next, bytesAt(theirs, fileOf(theirs, '0000000001-'))));
  const folder = await diskOf(room);
  await folder.fs.mkdir(next);
  for (const env of [foreign, folder]) {
    const { verdict, lost, findings } = await scanSegmentFile(env, last);
    expect({ verdict, lost, codes: findings.map(({ code }) => code) }).toEqual({
      verdict: 'padded',
      lost: [],
      codes: ['E_PADDING'],
    });
  }
});

test('in place of the last segment it takes what HEAD knows of that, and without HEAD nobody knows', async () => {
  const sample = await sampleStore({ closed: true });
  const image = new Map([...sample].filter(([path]) => !path.includes('.snap')));
  const theirs = await largeStore(9);
  const last = fileOf(image, '0000000003-');
  const foreign = withFile(
    image,
    wal('0000000003-00000000000000000500'),
    bytesAt(theirs, fileOf(theirs, '0000000001-')),
  );
  const replaced = withFile(foreign, last, undefined);
  expect(await lossOf(replaced)).toEqual({
    lost: [{ seqFirst: 9, seqLast: 12 }],
    lostUnknown: false,
    verdict: 'corrupt',
  });
  const alone = withFile(replaced, `${dir}/HEAD`, undefined);
  expect(await lossOf(alone)).toEqual({ lost: [], lostUnknown: true, verdict: 'corrupt' });
});

test('an unused last segment under another seq takes nothing with it', async () => {
  const image = await sampleStore({ closed: true });
  const rotated = wal('0000000004-00000000000000000013');
  const header = unusedAfter(image);
  expect(await lossOf(withFile(image, rotated, header))).toEqual({ lost: [], lostUnknown: false, verdict: 'clean' });
  const renamed = withFile(image, wal('0000000004-00000000000000000500'), header);
  expect(await lossOf(renamed)).toMatchObject({ lost: [], lostUnknown: false, verdict: 'corrupt' });
  const open = withFile(
    await sampleStore({ closed: false }),
    wal('0000000004-00000000000000000500'),
    new Uint8Array(96),
  );
  expect(await lossOf(open)).toMatchObject({ lost: [], verdict: 'corrupt' });
});

test('what files leave out between them is lost, whatever they are called', async () => {
  const sample = await sampleStore({ closed: true });
  const image = new Map([...sample].filter(([path]) => !path.includes('00000004.snap')));
  const [one, two, three] = ['0000000001-', '0000000002-', '0000000003-'].map((part) => fileOf(image, part)) as [
    string,
    string,
    string,
  ];
  const theirs = await largeStore(9);
  const copied = withFile(image, one, bytesAt(image, three));
  expect(await lossOf(copied)).toMatchObject({ lost: [{ seqFirst: 1, seqLast: 4 }], lostUnknown: false });
  const apart = withFile(withFile(image, two, bytesAt(image, three)), three, bytesAt(image, two).slice(0, 101));
  expect(await lossOf(apart)).toMatchObject({ lost: [{ seqFirst: 5, seqLast: 8 }] });
  const foreign = withFile(withFile(image, one, bytesAt(theirs, fileOf(theirs, '0000000001-'))), two, undefined);
  expect(await lossOf(foreign)).toMatchObject({ lost: [{ seqFirst: 1, seqLast: 8 }], lostUnknown: false });
});

/** As a rotation creates it, and nothing more. */
function unusedAfter(image: Image): Uint8Array {
  const bytes = bytesAt(image, fileOf(image, '0000000003-'));
  const found = decodeSegmentHeader(bytes);
  if (!found.ok) throw new Error('the segment was sound');
  const { storeId, salt, createdMs } = found.header;
  const before = { prevSalt: salt, prevEnd: bytes.length + sealBytes, prevLink: 0 };
  return encodeSegmentHeader({ storeId, ordinal: 4, seqFirst: 13, salt: 77, createdMs, ...before });
}

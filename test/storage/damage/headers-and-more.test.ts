import { expect, test } from 'vitest';
import { scanStore, verifyStore } from '../../../src/storage/read.ts';
import { replayTo } from '../../../src/storage/replay.ts';
import { openStore } from '../../../src/storage/store.ts';
import { segmentHeaderBytes } from '../../../src/storage/wal/format.ts';
import { decodeHeadFile } from '../../../src/storage/wal/head.ts';
import { packed } from '../../../src/storage/wal/records.ts';
import { simEnv } from '../../support/env.ts';
import { bytesAt, dir, diskOf, fileOf, type Image, imageOf, make, sampleStore, textOf, withFile } from './image.ts';

/** Headers of segments that do not hold, and something else that went wrong beside them. */

const [first, second, third] = ['0000000001-', '0000000002-', '0000000003-'] as const;

function edited(image: Image, part: string, edit: (bytes: Buffer) => Uint8Array | undefined): Image {
  const path = fileOf(image, part);
  const bytes = Buffer.from(bytesAt(image, path));
  return withFile(image, path, new Uint8Array(edit(bytes) ?? bytes));
}

const noHeader = (image: Image, part: string): Image => edited(image, part, (bytes) => bytes.fill(0x5a, 16, 80));
const without = (image: Image, form: RegExp): Image => new Map([...image].filter(([path]) => !form.test(path)));

async function lostOf(image: Image) {
  const { lost, lostUnknown } = await verifyStore(await diskOf(image), dir);
  return { lost, lostUnknown };
}

test('a segment that is missing behind a bad header takes along what that one held', async () => {
  const image = without(noHeader(await sampleStore({ closed: true }), first), /0000000002-|\.snap$/);
  expect(await lostOf(image)).toEqual({ lost: [{ seqFirst: 1, seqLast: 8 }], lostUnknown: false });
});

test('events of a segment without a header count as events behind the fault', async () => {
  const image = await sampleStore({ closed: true });
  for (const [part, recordsAfterHole] of [
    [first, 12],
    [second, 8],
    [third, 4],
  ] as const) {
    const report = await verifyStore(await diskOf(noHeader(image, part)), dir);
    expect(report).toMatchObject({ records: 12, recordsAfterHole, lost: [] });
  }
});

test('a last segment that never held a frame loses none with its header', async () => {
  const env = simEnv();
  const store = await openStore(env, dir, { machine: make, create: true });
  await store.append(packed([Buffer.from(textOf(1))]));
  await store.rotate();
  // Killed: nothing closes it.
  const killed = noHeader(imageOf(env.fs), second);
  expect(bytesAt(killed, fileOf(killed, second)).length).toBe(segmentHeaderBytes);
  for (const image of [killed, without(killed, /HEAD$/)]) {
    expect(await lostOf(image)).toEqual({ lost: [], lostUnknown: false });
  }
});

test('what stood in a last segment that is cut into its header is unknown without HEAD', async () => {
  const sound = without(await sampleStore({ closed: true }), /HEAD$|\.snap$/);
  for (const left of [0, 8, segmentHeaderBytes - 1]) {
    const cut = edited(sound, third, (bytes) => bytes.subarray(0, left));
    expect(await lostOf(cut), `${left} bytes`).toMatchObject({ lostUnknown: true });
  }
});

test('what may have stood behind the end that HEAD knows is unknown where no frame of it can be read', async () => {
  const sound = await sampleStore({ closed: true });
  const image = edited(sound, third, (bytes) => Buffer.concat([bytes.fill(0x77), Buffer.alloc(500, 0x77)]));
  expect(await lostOf(image)).toEqual({ lost: [{ seqFirst: 9, seqLast: 12 }], lostUnknown: true });
});

test('who stops reading in a segment under a wrong name has not seen that anything is lost', async () => {
  const image = await sampleStore({ closed: true });
  const path = fileOf(image, second);
  const renamed = new Map(
    [...image].map(([name, bytes]) => [name === path ? name.replace('5.wal', '6.wal') : name, bytes]),
  );
  const env = await diskOf(renamed);
  const { lost, lostUnknown } = await scanStore(env, dir, { record: ({ seq }) => seq < 6 });
  expect({ lost, lostUnknown }).toEqual({ lost: [], lostUnknown: false });
});

/** Two stores with the same id that went on apart in their last segment, each with a snapshot at the same seq. */
async function forks(): Promise<{ own: Image; other: Image; snapshot: string }> {
  const env = simEnv();
  const store = await openStore(env, dir, { machine: make, create: true });
  await store.append(packed([1, 2].map((number) => Buffer.from(textOf(number)))));
  await store.rotate();
  await store.append(packed([Buffer.from(textOf(3))]));
  await store.close();
  const common = imageOf(env.fs);
  const goOn = async (text: (number: number) => string): Promise<Image> => {
    const world = await diskOf(common);
    const fork = await openStore(world, dir, { machine: make, keepSnapshots: 5 });
    for (let number = 4; number <= 6; number++) await fork.append(packed([Buffer.from(text(number))]));
    await fork.checkpoint();
    for (let number = 7; number <= 8; number++) await fork.append(packed([Buffer.from(text(number))]));
    await fork.close();
    return imageOf(world.fs);
  };
  const own = await goOn(textOf);
  return { own, other: await goOn((number) => `another ${number}`), snapshot: fileOf(own, '.snap') };
}

test('the snapshot of a fork is none of this log, whether the header of its segment can be read or not', async () => {
  const { own, other, snapshot } = await forks();
  const mixed = withFile(own, snapshot, bytesAt(other, snapshot));
  for (const image of [mixed, noHeader(mixed, second)]) {
    const { findings } = await verifyStore(await diskOf(image), dir);
    expect(findings.map(({ code }) => code)).toContain('E_SNAPSHOT_CHAIN');
    const { machine, whole } = await replayTo(await diskOf(image), dir, make);
    expect(machine.items.filter((text) => text.startsWith('another'))).toEqual([]);
    expect(whole).toBe(image === mixed);
  }
});

test('the snapshot of this log leads on in a segment whose header cannot be read', async () => {
  const { own } = await forks();
  const image = noHeader(own, second);
  const { machine, seq } = await replayTo(await diskOf(image), dir, make);
  expect([seq, machine.items]).toEqual([8, [1, 2, 3, 4, 5, 6, 7, 8].map(textOf)]);
});

test('the last segment of a fork is not what HEAD tells of, whether its header can be read or not', async () => {
  const { own, other } = await forks();
  const path = fileOf(own, second);
  const mixed = without(withFile(own, path, bytesAt(other, path)), /\.snap$/);
  for (const image of [mixed, noHeader(mixed, second)]) {
    const { findings } = await verifyStore(await diskOf(image), dir);
    expect(findings.map(({ code }) => code)).toContain('E_HEAD_MISMATCH');
    expect((await replayTo(await diskOf(image), dir, make)).whole).toBe(false);
  }
});

test('a segment that is missing behind a sealed one leaves the loss unknown, header or not', async () => {
  const env = simEnv();
  const store = await openStore(env, dir, { machine: make, create: true });
  await store.append(packed([Buffer.from(textOf(1))]));
  await store.rotate();
  // HEAD as it was before the rotation.
  const head = `${dir}/HEAD`;
  const older = [4096, 8192]
    .map((slot) =>
      bytesAt(imageOf(env.fs), head)
        .slice()
        .fill(0x5a, slot, slot + 64),
    )
    .find((bytes) => decodeHeadFile(bytes).slot?.ordinal === 1);
  expect(older).toBeDefined();
  const image = withFile(without(imageOf(env.fs), /0000000002-/), head, older);
  for (const each of [image, noHeader(image, first)]) expect((await lostOf(each)).lostUnknown).toBe(true);
});

test('a snapshot that stands on a header is no misfit when the frame that tells its checksum is gone', async () => {
  const env = simEnv();
  const store = await openStore(env, dir, { machine: make, create: true, keepSnapshots: 5 });
  await store.append(packed([Buffer.from(textOf(1))]));
  await store.rotate();
  await store.checkpoint();
  for (const number of [2, 3]) await store.append(packed([Buffer.from(textOf(number))]));
  await store.close();
  const sound = imageOf(env.fs);
  const image = edited(sound, second, (bytes) => bytes.fill(0x5a, 16, segmentHeaderBytes + 20));
  const report = await verifyStore(await diskOf(image), dir);
  const { point } = report.snapshots[0]?.summary ?? {};
  expect([point?.ordinal, point?.offset]).toEqual([2, segmentHeaderBytes]);
  expect(report.findings.map(({ code }) => code)).toEqual(['E_SEGMENT_HEADER', 'E_FRAME_HEADER']);
});

test('a segment of another store says nothing of the seqs that stood in its place', async () => {
  const env = simEnv({ seed: 7 });
  const store = await openStore(env, dir, { machine: make, create: true });
  for (const number of [1, 2, 3]) await store.append(packed([Buffer.from(textOf(number))]));
  await store.close();
  const image = imageOf(env.fs);
  const other = await sampleStore({ closed: true });
  for (const part of [first, second, third]) {
    const mixed = withFile(image, fileOf(image, first), bytesAt(other, fileOf(other, part)));
    expect((await lostOf(mixed)).lost, part).toEqual([{ seqFirst: 1, seqLast: 3 }]);
  }
});

import { expect, test } from 'vitest';
import { verifyStore } from '../../../src/storage/read.ts';
import { replayTo } from '../../../src/storage/replay.ts';
import { writeSalvage } from '../../../src/storage/salvage-write.ts';
import { openStore } from '../../../src/storage/store.ts';
import { packed } from '../../../src/storage/wal/records.ts';
import { simEnv } from '../../support/env.ts';
import { putFile } from '../../support/sim-edit.ts';
import { tried } from '../../support/tried.ts';
import {
  bytesAt,
  dir,
  diskOf,
  fileOf,
  flipped,
  type Image,
  imageOf,
  ofNewerFormat,
  withFile,
} from '../damage/image.ts';
import { all, check, imageWith, ofStore, recordsIn, span } from './salvage-check.ts';
import {
  destroyed,
  framesOf,
  plan,
  SeqMachine,
  salvage,
  segmentHeader,
  segmentParts,
  seqMachine,
  to,
} from './salvage-support.ts';
import { healing } from './support.ts';

for (const snapshots of [true, false]) {
  test(`any one frame destroyed, all others go over: ${snapshots ? 'with' : 'without'} snapshots`, async (context) => {
    const image = await imageWith(snapshots);
    const outcomes = { 'events lost': 0, 'nothing lost': 0 };
    for (const { path, offset, bytes, seqs } of await framesOf(image)) {
      const env = await check(withFile(image, path, destroyed(bytesAt(image, path), offset, bytes)), seqs);
      const { machine } = await replayTo(env, to, seqMachine);
      // What a snapshot holds is in the state, whatever became of the events.
      const gone = seqs.filter((seq) => !snapshots || seq > 8);
      expect([...machine.items.keys()].filter((seq) => seq <= 12)).toEqual(all.filter((seq) => !gone.includes(seq)));
      outcomes[seqs.length > 0 ? 'events lost' : 'nothing lost']++;
    }
    expect(Math.min(...Object.values(outcomes))).toBeGreaterThan(3);
    tried(context, 'salvage', outcomes);
  });
}

test('any two frames destroyed', async (context) => {
  const image = await imageWith(false);
  const frames = await framesOf(image);
  let count = 0;
  for (const [at, one] of frames.entries()) {
    for (const two of frames.slice(at + 1)) {
      const first = withFile(image, one.path, destroyed(bytesAt(image, one.path), one.offset, one.bytes));
      await check(withFile(first, two.path, destroyed(bytesAt(first, two.path), two.offset, two.bytes)), [
        ...one.seqs,
        ...two.seqs,
      ]);
      count++;
    }
  }
  tried(context, 'salvage', { 'two holes': count });
});

test('a segment that is missing costs its events, and no other', async (context) => {
  const seqsOf = [span(1, 4), span(5, 8), span(9, 12)];
  let count = 0;
  for (const snapshots of [true, false]) {
    const image = await imageWith(snapshots);
    for (const [at, part] of segmentParts.entries()) {
      const damaged = withFile(image, fileOf(image, part), undefined);
      // The first one is covered by a snapshot: then the log simply begins behind it.
      if (snapshots && at === 0) expect((await plan(await diskOf(damaged))).lost).toEqual([]);
      else await check(damaged, seqsOf[at] ?? []);
      count++;
    }
  }
  tried(context, 'salvage', { 'segment missing': count });
});

test('a segment whose header is destroyed is read with the salt that its neighbour, or HEAD, knows', async () => {
  const image = await imageWith(false);
  for (const part of segmentParts) {
    const path = fileOf(image, part);
    const { offset, bytes } = segmentHeader;
    await check(withFile(image, path, destroyed(bytesAt(image, path), offset, bytes)), []);
  }
});

test('a flipped bit is turned on the way over', async () => {
  const image = await imageWith(false);
  const path = fileOf(image, segmentParts[1]);
  const env = await check(withFile(image, path, flipped(bytesAt(image, path), 8 * 300 + 7)), []);
  expect((await plan(env)).turned.length).toBe(1);
});

test('a segment of another store is left out, and its seqs are lost', async () => {
  const image = await imageWith(false);
  const path = fileOf(image, segmentParts[1]);
  const other = simEnv({ seed: 77 });
  const store = await openStore(other, dir, { machine: seqMachine, create: true });
  for (let number = 1; number <= 9; number++) await store.append(packed([Buffer.from(`record of another ${number}`)]));
  await store.close();
  const foreign = bytesAt(imageOf(other.fs), fileOf(imageOf(other.fs), '0000000001-'));
  const env = await check(withFile(image, path, foreign), span(5, 8));
  expect((await plan(env)).foreign.map((file) => `${dir}/${file}`)).toEqual([path]);
});

test('a doubled segment goes over once', async () => {
  const image = await imageWith(false);
  const path = fileOf(image, segmentParts[2]);
  const twice = withFile(image, `${dir}/wal/0000000004-00000000000000000013.wal`, bytesAt(image, path));
  const env = await check(twice, []);
  expect((await plan(env)).repeated).toBe(4);
});

test('events behind a hole that need what was lost in it are skipped and listed, and the log keeps them', async () => {
  const env = simEnv();
  const store = await openStore(env, dir, { machine: seqMachine, create: true });
  for (const text of ['record 1', 'record 2', 'record needs 2', 'record needs 1', 'record 5']) {
    await store.append(packed([Buffer.from(text)]));
  }
  await store.close();
  const image = imageOf(env.fs);
  const path = fileOf(image, '0000000001-');
  const bytes = bytesAt(image, path);
  const at = Buffer.from(bytes).indexOf('record 2');
  const damaged = await diskOf(withFile(image, path, destroyed(bytes, at, 8)));
  await salvage(damaged);
  const { machine, findings } = await replayTo(damaged, to, seqMachine);
  expect([...machine.items.keys()]).toEqual([1, 4, 5]);
  expect(findings.map(({ code, seqFirst }) => `${code} ${seqFirst}`)).toEqual(['E_LOST 2', 'E_SKIPPED 3']);
  expect((await recordsIn(damaged)).get(3)).toBe('record needs 2');
  const opened = await openStore(damaged, to, { machine: seqMachine });
  expect(opened.recovery.findings.map(({ code }) => code)).toContain('E_SKIPPED');
  await opened.close();
});

test('a record that does not apply where nothing was lost before it is a fault all the same', async () => {
  const env = simEnv();
  const bad = await openStore(env, dir, { machine: () => new Lenient(), create: true });
  for (const text of ['record 1', 'record needs 9', 'record 3']) await bad.append(packed([Buffer.from(text)]));
  await bad.close();
  await salvage(env);
  await expect(replayTo(env, to, seqMachine)).rejects.toMatchObject({ code: 'E_REPLAY' });
});

class Lenient extends SeqMachine {
  override apply(record: Uint8Array, seq: number): void {
    this.items.set(seq, Buffer.from(record).toString());
  }
}

test('nothing is written that was not planned', async () => {
  const image = await imageWith(false);
  const path = fileOf(image, segmentParts[1]);
  const env = await diskOf(image);
  const planned = await plan(env);
  putFile(env.fs, path, destroyed(bytesAt(image, path), 200, 60));
  const options = { readable: healing.readable, segmentBytes: 400 };
  await expect(writeSalvage(env, planned, to, options)).rejects.toMatchObject({ code: 'E_PLAN_STALE', exit: 7 });
});

test('every place of the log can be asked for, those of lost events too', async () => {
  const image = await imageWith(false);
  const damaged = withFile(image, fileOf(image, segmentParts[1]), undefined);
  const env = await check(damaged, span(5, 8));
  for (const until of all) {
    const { machine, seq } = await replayTo(env, to, seqMachine, { until, snapshot: 'none' });
    expect(seq).toBe(until);
    expect([...machine.items.keys()]).toEqual(all.filter((each) => each <= until && (each < 5 || each > 8)));
  }
});

test('a row of lost seqs is cut where a snapshot stands in it', async () => {
  const image = await imageWith(true);
  const [, two, three] = segmentParts;
  const damaged = withFile(withFile(image, fileOf(image, two), undefined), fileOf(image, three), undefined);
  const env = await check(damaged, span(5, 12));
  const { machine, snapshot } = await replayTo(env, to, seqMachine, { until: 12 });
  expect(snapshot?.seq).toBe(8);
  expect([...machine.items.keys()]).toEqual(span(1, 8));
});

test('segments under each other’s names go over in the order of their headers', async () => {
  const image = await imageWith(false);
  const [one, two] = [fileOf(image, segmentParts[0]), fileOf(image, segmentParts[1])];
  await check(withFile(withFile(image, one, bytesAt(image, two)), two, bytesAt(image, one)), []);
});

test('without HEAD and snapshot the log alone says where it ends', async () => {
  const image = withFile(await imageWith(false), `${dir}/HEAD`, undefined);
  const env = await check(image, []);
  expect(await plan(env)).toMatchObject({ seqFirst: 1, seqLast: 12 });
});

test('a segment whose salt nobody knows is lost, and is not called one of another store', async () => {
  const image = withFile(await imageWith(false), `${dir}/HEAD`, undefined);
  const path = fileOf(image, segmentParts[2]);
  const env = await diskOf(withFile(image, path, destroyed(bytesAt(image, path), 0, 96)));
  expect(await salvage(env)).toMatchObject({ events: 8, foreign: [], rescued: [], lostUnknown: true });
});

test('a snapshot of a copy that went its own way stays behind', async () => {
  const image = await imageWith(true);
  const [ours, theirs] = [await goneOn(image, 'record of ours'), await goneOn(image, 'record of theirs')];
  const path = fileOf(ours, '00000013.snap');
  expect((await plan(await diskOf(ours))).snapshots.map(({ seq }) => seq)).toEqual([8, 13]);
  const env = await diskOf(withFile(ours, path, bytesAt(theirs, path)));
  expect((await plan(env)).snapshots.map(({ seq }) => seq)).toEqual([8]);
});

async function goneOn(image: Image, text: string): Promise<Image> {
  const env = await diskOf(image);
  const store = await openStore(env, dir, { machine: seqMachine });
  await store.append(packed([Buffer.from(text)]));
  await store.checkpoint();
  await store.close();
  return imageOf(env.fs);
}

test('a cut keeps every event up to the point and none after it, amid a frame too', async () => {
  const image = await imageWith(true);
  for (const until of [0, ...all]) {
    const env = await diskOf(image);
    const planned = await plan(env, until);
    await writeSalvage(env, planned, to, { readable: healing.readable, segmentBytes: 400 });
    expect([...(await recordsIn(env)).keys()]).toEqual(all.filter((seq) => seq <= until));
    expect(planned).toMatchObject({ until, lost: [], seqLast: until, leftBehind: 12 - until });
    expect(planned.snapshots.map(({ seq }) => seq)).toEqual([4, 8].filter((seq) => seq <= until));
    const store = await openStore(env, to, { machine: seqMachine });
    expect([...store.machine.items.keys()]).toEqual(all.filter((seq) => seq <= until));
    await store.close();
  }
});

test('a salvaged store is salvaged again with the same loss, its last events lost or not', async () => {
  for (const part of [segmentParts[1], segmentParts[2]]) {
    const image = await imageWith(false);
    const env = await diskOf(withFile(image, fileOf(image, part), undefined));
    const first = await salvage(env);
    const saved = [...ofStore(env, to)].map(([path, bytes]) => [path.replace(to, dir), bytes] as const);
    const again = await salvage(await diskOf(withFile(new Map(saved), `${dir}/HEAD`, undefined)));
    expect(again).toMatchObject({ lost: first.lost, events: first.events, seqLast: 12 });
  }
});

test('the new log has segments of the size asked for', async () => {
  const env = await check(await imageWith(false), []);
  const report = await verifyStore(env, to);
  expect(report.segments.length).toBeGreaterThan(1);
  expect(Math.max(...report.segments.map(({ size }) => size))).toBeLessThan(700);
});

test.each(['0000000001-', '08.snap', 'HEAD'])('what a newer walq wrote is not called lost: %s', async (part) => {
  const image = await imageWith(true);
  const path = fileOf(image, part);
  const env = await diskOf(withFile(image, path, ofNewerFormat(bytesAt(image, path))));
  await expect(plan(env)).rejects.toMatchObject({ code: 'E_NEWER_FORMAT', exit: 5 });
});

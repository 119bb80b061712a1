import { expect, test } from 'vitest';
import { asPutBack } from '../../../src/storage/displaced-frames.ts';
import { verifyStore } from '../../../src/storage/read.ts';
import { openStore } from '../../../src/storage/store.ts';
import { surveyStore } from '../../../src/storage/survey.ts';
import { packed } from '../../../src/storage/wal/records.ts';
import { simEnv } from '../../support/env.ts';
import { tried } from '../../support/tried.ts';
import { bytesAt, dir, diskOf, fileOf, type Image, imageOf, sampleStore, withFile } from '../damage/image.ts';
import { check, imageWith, ofStore, recordsIn } from './salvage-check.ts';
import { destroyed, framesOf, plan, salvage, segmentParts, seqMachine } from './salvage-support.ts';
import { filesOf } from './support.ts';

/** Bytes put into a segment, or taken out of it: what stands behind them stands elsewhere than it was written. */

function spliced(image: Image, path: string, at: number, out: number, bytes: Uint8Array): Image {
  const before = bytesAt(image, path);
  return withFile(image, path, Uint8Array.from([...before.subarray(0, at), ...bytes, ...before.subarray(at + out)]));
}

test('bytes put in cost the frame they are put into, and no other', async (context) => {
  const image = await imageWith(false);
  let count = 0;
  for (const { path, offset, bytes, seqs } of await framesOf(image)) {
    for (const [at, length] of [
      [0, 8],
      [20, 1],
      [48, 333],
    ] as const) {
      const lost = at === 0 ? [] : seqs;
      await check(spliced(image, path, offset + Math.min(at, bytes - 1), 0, new Uint8Array(length).fill(0x2a)), lost);
      count++;
    }
  }
  tried(context, 'salvage', { 'bytes put in': count });
});

test('bytes taken out cost the frames they are taken from, and no other', async (context) => {
  const image = await imageWith(false);
  let count = 0;
  for (const { path, offset, bytes, seqs } of await framesOf(image)) {
    for (const out of [1, 8, bytes]) {
      await check(spliced(image, path, offset, out, new Uint8Array()), seqs);
      count++;
    }
  }
  tried(context, 'salvage', { 'bytes taken out': count });
});

test('bytes taken out of the header of a segment cost no frame', async () => {
  const image = await imageWith(false);
  for (const part of segmentParts) {
    for (const [at, out] of [
      [30, 46],
      [0, 96],
      [90, 3],
    ] as const) {
      await check(spliced(image, fileOf(image, part), at, out, new Uint8Array()), []);
    }
  }
});

test('behind the end of the log stands what stood there before bytes were put in', async () => {
  for (const closed of [true, false]) {
    const sample = await sampleStore({ closed });
    const path = fileOf(sample, segmentParts[2]);
    // A writer that did not close it leaves room behind the end.
    const image = closed ? sample : spliced(sample, path, bytesAt(sample, path).length, 0, new Uint8Array(4096));
    const before = await plan(await diskOf(image));
    for (const { offset } of (await framesOf(image)).filter((frame) => frame.path === path)) {
      const { tail, lost } = await plan(await diskOf(spliced(image, path, offset, 0, new Uint8Array(9).fill(0x2a))));
      expect({ tail, lost }).toEqual({ tail: before.tail, lost: [] });
    }
  }
});

test('a copy of frames put in between counts for nothing, and the plan names the segment', async () => {
  const image = await imageWith(false);
  const path = fileOf(image, segmentParts[1]);
  const frames = (await framesOf(image)).filter((frame) => frame.path === path);
  const [first, third] = [frames[0]?.offset ?? 0, frames[2]?.offset ?? 0];
  const copy = bytesAt(image, path).slice(first, third);
  const damaged = spliced(image, path, third, 0, copy);
  await check(damaged, []);
  expect((await plan(await diskOf(damaged))).displaced).toEqual([path.slice('/s/'.length)]);
  expect((await plan(await diskOf(image))).displaced).toBeUndefined();
});

test('frames of a copy that went its own way are not taken for those that are damaged', async () => {
  const image = await imageWith(false);
  const path = fileOf(image, segmentParts[2]);
  const end = bytesAt(image, path).length;
  const [ours, theirs] = [await goneOn(image, 'record of ours', 1), await goneOn(image, 'record of theirs', 2)];
  const behind = spliced(
    ours,
    path,
    bytesAt(ours, path).length,
    0,
    Uint8Array.from([1, ...bytesAt(theirs, path).slice(end)]),
  );
  for (const damaged of [behind, withFile(behind, path, destroyed(bytesAt(behind, path), end + 100, 20))]) {
    const env = await diskOf(damaged);
    await salvage(env);
    expect([...(await recordsIn(env)).values()]).not.toContain('record of theirs');
  }
});

async function goneOn(image: Image, text: string, seed: number): Promise<Image> {
  const env = { ...(await diskOf(image)), random: simEnv({ seed }).random };
  const store = await openStore(env, dir, { machine: seqMachine });
  await store.append(packed([Buffer.from(text)]));
  await store.close();
  return imageOf(env.fs);
}

test('a report counts as lost what the plan of a salvage counts, and names each place', async () => {
  const outcomes = { corrupt: 0, nothing: 0 };
  const sample = await sampleStore({ closed: true });
  for (const image of [sample, withFile(sample, `${dir}/HEAD`, undefined)]) {
    for (const { path, offset } of await framesOf(image)) {
      for (const [at, out, more] of [
        [0, 0, 8],
        [50, 0, 7],
        [0, 16, 0],
        [48, 3, 600],
      ] as const) {
        const what = `${path} ${offset} ${at} ${out} ${more}`;
        const env = await diskOf(spliced(image, path, offset + at, out, new Uint8Array(more)));
        const report = await verifyStore(env, dir);
        const { lost, lostUnknown, events, displaced = [] } = await plan(env);
        expect({ lost: report.lost, lostUnknown: report.lostUnknown, events: report.records }, what).toEqual({
          lost,
          lostUnknown,
          events,
        });
        const named = report.findings.flatMap(({ code, file }) => (code === 'E_DISPLACED' ? [file] : []));
        expect(new Set(named), what).toEqual(new Set(displaced));
        if (displaced.length > 0) outcomes[report.verdict === 'corrupt' ? 'corrupt' : 'nothing']++;
      }
    }
  }
  expect(outcomes).toEqual({ corrupt: expect.any(Number), nothing: 0 });
});

test('a damaged segment that a writer cleans away meanwhile is no reason to fail', async () => {
  const image = await imageWith(true);
  const path = fileOf(image, segmentParts[0]);
  const env = await diskOf(withFile(image, path, destroyed(bytesAt(image, path), 104, 20)));
  const survey = await surveyStore(env, dir);
  const report = await verifyStore(env, dir);
  expect(report.verdict).toBe('corrupt');
  await env.fs.unlink(path);
  const again = () => Promise.reject(new Error('nothing is displaced'));
  expect(await asPutBack(env, dir, survey, report, again)).toBe(report);
});

test('no writer trims frames behind bytes that were put in, though HEAD says nothing of them', async () => {
  const image = await imageWith(false);
  const path = fileOf(image, segmentParts[2]);
  const places = (await framesOf(image)).filter((frame) => frame.path === path);
  for (const { offset } of places.slice(0, -1)) {
    const torn = withFile(spliced(image, path, offset, 0, new Uint8Array(1024)), `${dir}/HEAD`, undefined);
    const env = await diskOf(torn);
    await expect(openStore(env, dir, { machine: seqMachine })).rejects.toMatchObject({ code: 'E_DISPLACED', exit: 3 });
    expect(filesOf(ofStore(env, dir))).toEqual(filesOf(torn));
  }
});

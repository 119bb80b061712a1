import { describe, expect, test } from 'vitest';
import { WalqError } from '../../../src/base/errors.ts';
import { verifyStore } from '../../../src/storage/read.ts';
import { type ReplayResult, replayTo } from '../../../src/storage/replay.ts';
import { openStore } from '../../../src/storage/store.ts';
import type { ChainPoint } from '../../../src/storage/types.ts';
import { parseSegmentFileName } from '../../../src/storage/wal/names.ts';
import { simEnv } from '../../support/env.ts';
import type { ListMachine } from '../crash/list-machine.ts';
import { everyStore, type Frame, framesOf } from './every-store.ts';
import { appendSome, bytesAt, dir, diskOf, type Image, imageOf, make, withFile } from './image.ts';
import { judge, texts } from './judge.ts';

/**
 * A snapshot behind a hole knows what the hole held: the events that follow the snapshot are applied. Held against the
 * store before the damage, at every seq: the right state, or none.
 */

/** One segment, records 1..15, snapshots at 5 and 10. */
async function smallStore(): Promise<Image> {
  const env = simEnv();
  const store = await openStore(env, dir, { machine: make, create: true, keepSnapshots: 5 });
  for (const from of [1, 6]) {
    await appendSome(store, from, from + 4);
    await store.checkpoint();
  }
  await appendSome(store, 11, 15);
  await store.close();
  return imageOf(env.fs);
}

type Place = Pick<Frame, 'file' | 'offset' | 'bytes'>;

const ways: Readonly<Record<string, (bytes: Uint8Array) => void>> = {
  'bit in the header': (bytes) => bytes.set([(bytes[9] ?? 0) ^ 4], 9),
  'bit in the body': (bytes) => bytes.set([(bytes.at(-1) ?? 0) ^ 1], bytes.length - 1),
  'all zeros': (bytes) => void bytes.fill(0),
};

function destroyed(image: Image, { file, offset, bytes }: Place, way: keyof typeof ways): Image {
  const copy = bytesAt(image, `${dir}/${file}`).slice();
  ways[way]?.(copy.subarray(offset, offset + bytes));
  return withFile(image, `${dir}/${file}`, copy);
}

async function at(image: Image, until?: number): Promise<ReplayResult<ListMachine> | undefined> {
  try {
    return await replayTo(await diskOf(image), dir, make, until === undefined ? {} : { until });
  } catch (error) {
    if (error instanceof WalqError && ['E_SEQ_RANGE', 'E_NO_BASE'].includes(error.code)) return undefined;
    throw error;
  }
}

const ordinalOf = (file: string): number => parseSegmentFileName(file.slice('wal/'.length))?.ordinal ?? 0;

/** Nothing from the newest snapshot below `until` up to there was hit. */
function unhurt(hits: readonly Place[], frames: readonly Frame[], points: readonly ChainPoint[], until: number) {
  const point = points.findLast(({ seq }) => seq <= until);
  if (point?.seq === until) return true;
  const last = frames.find(({ type, seqFirst, count }) => type === 'data' && seqFirst + count > until);
  if (last === undefined) return false;
  const behind = ({ file, offset }: Place, ordinal: number, from: number): boolean =>
    ordinalOf(file) > ordinal || (ordinalOf(file) === ordinal && offset >= from);
  return hits.every((hit) => {
    // A header is what makes the frames of its segment readable at all.
    const offset = hit.offset === 0 ? Number.POSITIVE_INFINITY : hit.offset;
    const before = point !== undefined && !behind({ ...hit, offset }, point.ordinal, point.offset);
    return before || behind(hit, ordinalOf(last.file), last.offset + 1);
  });
}

async function holdAgainstTruth(image: Image, twice: boolean): Promise<{ known: number; unknown: number }> {
  const frames = await framesOf(image);
  const { snapshots } = await verifyStore(await diskOf(image), dir);
  const points = snapshots.flatMap(({ summary }) => summary?.point ?? []).sort((a, b) => a.seq - b.seq);
  const seqLast = Math.max(...frames.map(({ seqFirst, count }) => seqFirst + count - 1));
  const headers = [...new Set(frames.map(({ file }) => file))].map((file) => ({ file, offset: 0, bytes: 96 }));
  const tally = { known: 0, unknown: 0 };
  const hold = async (damaged: Image, hits: readonly Place[], what: string): Promise<void> => {
    let farthest = 0;
    for (let until = 1; until <= seqLast; until++) {
      const told = await at(damaged, until);
      if (told) expect(told.machine.items, `${what}, seq ${until}`).toEqual(texts(until));
      else expect(unhurt(hits, frames, points, until), `${what}, seq ${until}`).toBe(false);
      tally[told ? 'known' : 'unknown']++;
      if (told) farthest = until;
    }
    const end = await at(damaged);
    expect(end?.machine.items, what).toEqual(texts(farthest));
    expect(
      end?.findings.map(({ code }) => code),
      what,
    ).not.toContain('E_SNAPSHOT_CHAIN');
    if (end?.whole) expect(end.seq, what).toBe(seqLast);
  };
  for (const way of Object.keys(ways)) {
    for (const [index, place] of [...headers, ...frames].entries()) {
      const damaged = destroyed(image, place, way);
      const what = `${way} at ${place.file} ${place.offset}`;
      if (!twice) await hold(damaged, [place], what);
      const others = twice ? frames.filter((_, other) => (other + index) % 5 === 0) : [];
      for (const other of others)
        await hold(
          destroyed(damaged, other, 'all zeros'),
          [place, other],
          `${what}, and ${other.file} ${other.offset}`,
        );
    }
  }
  return tally;
}

describe('every frame destroyed: the state at each seq is the right one or unknown', () => {
  test.each([
    ['one segment', smallStore],
    ['three segments', () => everyStore({ closed: true })],
  ])('%s', async (_, build) => {
    const { known, unknown } = await holdAgainstTruth(await build(), false);
    expect(known).toBeGreaterThan(unknown);
  });

  test('and so it is with two of them', async () => {
    const { known, unknown } = await holdAgainstTruth(await smallStore(), true);
    expect(Math.min(known, unknown)).toBeGreaterThan(300);
  });
});

test('the snapshot leads to the end behind a hole, the verdict stays, and a writer refuses', async () => {
  const image = await smallStore();
  const frames = await framesOf(image);
  const frame = frames.find(({ seqFirst, type }) => type === 'data' && seqFirst === 7);
  if (frame === undefined) throw new Error('seq 7 has a frame');
  for (const way of Object.keys(ways)) {
    const damaged = destroyed(image, frame, way);
    const { report, opened } = await judge(damaged);
    expect([report.verdict, opened, report.lost], way).toEqual(['corrupt', 'refused', [{ seqFirst: 7, seqLast: 7 }]]);
    expect(await at(damaged), way).toMatchObject({ seq: 15, seqMax: 15, whole: true, replayed: 5 });
    expect((await at(damaged, 6))?.machine.items, way).toEqual(texts(6));
    await expect(replayTo(await diskOf(damaged), dir, make, { until: 8 }), way).rejects.toThrow(
      'the state at seq 8 is not known: what comes after seq 6 is damaged or missing',
    );
  }
});

test('a loss behind the newest snapshot ends the state; one whose own segment is gone leads on', async () => {
  const image = await smallStore();
  const twelve = (await framesOf(image)).find(({ seqFirst, type }) => type === 'data' && seqFirst === 12);
  if (twelve === undefined) throw new Error('seq 12 has a frame');
  expect(await at(destroyed(image, twelve, 'all zeros'))).toMatchObject({ seq: 11, seqMax: 15, whole: false });
  const three = await everyStore({ closed: true });
  const second = [...three.keys()].find((path) => path.includes('/0000000002-')) ?? '';
  expect(await at(withFile(three, second, undefined))).toMatchObject({ seq: 12, whole: true, snapshot: { seq: 8 } });
});

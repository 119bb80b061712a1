import { expect, test } from 'vitest';
import { tried } from '../../support/tried.ts';
import { everyStore, type Frame, framesOf, largeStore, recordsOfAll } from './every-store.ts';
import { bytesAt, dir, fileOf, type Image, withFile } from './image.ts';
import { judge, type Outcome, texts } from './judge.ts';
import { lies, truthOf } from './truth.ts';

/** Bytes that are sound, and not where they belong: doubled, dropped, swapped, put over others, taken from another store. */

interface Edit {
  what: string;
  image: Image;
}

const bytesOfFrame = (bytes: Uint8Array, frame: Frame): Uint8Array =>
  bytes.subarray(frame.offset, frame.offset + frame.bytes);

/** Every way to move the frames of one segment. `other` is a store of the same shape. */
function* movedFrames(image: Image, other: Image, file: string, frames: readonly Frame[]): Generator<Edit> {
  const path = `${dir}/${file}`;
  const bytes = bytesAt(image, path);
  const put = (what: string, next: Uint8Array): Edit => ({
    what: `${file}: ${what}`,
    image: withFile(image, path, next),
  });
  const over = (frame: Frame, source: Uint8Array): Uint8Array => {
    const copy = bytes.slice();
    copy.set(source, frame.offset);
    return copy;
  };
  for (const [at, frame] of frames.entries()) {
    const [before, own, after] = [
      bytes.subarray(0, frame.offset),
      bytesOfFrame(bytes, frame),
      bytes.subarray(frame.offset + frame.bytes),
    ];
    yield put(`frame ${at} doubled`, Buffer.concat([before, own, own, after]));
    yield put(`frame ${at} dropped`, Buffer.concat([before, after]));
    yield put(`frame ${at} of another store`, over(frame, bytesOfFrame(bytesAt(other, path), frame)));
    for (const [to, target] of frames.entries()) {
      if (to === at || target.bytes !== frame.bytes) continue;
      yield put(`frame ${at} over frame ${to}`, over(target, own));
      if (to < at) continue;
      const swapped = over(target, own);
      swapped.set(bytesOfFrame(bytes, target), frame.offset);
      yield put(`frames ${at} and ${to} swapped`, swapped);
    }
  }
}

async function eachMove(
  edits: Iterable<Edit>,
  image: Image,
  frames: readonly Frame[],
): Promise<Record<string, number>> {
  const outcomes: Record<string, number> = {};
  for (const { what, image: damaged } of edits) {
    const { report, opened, items } = await judge(damaged);
    const truth = truthOf(image, damaged, frames);
    // Behind the end that HEAD proves nothing is lost: what stands there is odd, and whose it is nobody can tell.
    const expected = truth.hits.size === 0 && !report.segments.at(-1)?.sealed ? ['ambiguous', 'corrupt'] : ['corrupt'];
    expect(expected, what).toContain(report.verdict);
    if (truth.hits.size > 0) expect(lies(report, truth), what).toEqual([]);
    else expect(report.lost, what).toEqual([]);
    if (opened === 'opened') expect(items, what).toEqual(texts(recordsOfAll));
    const outcome = opened === 'opened' ? `${report.verdict}, below a snapshot, opens` : `${report.verdict}, refused`;
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  }
  return outcomes;
}

for (const part of ['0000000001-', '0000000002-', '0000000003-']) {
  test(`a frame of segment ${part}… that is moved is not replayed, and the loss is exact`, async (context) => {
    const [image, other] = [await everyStore({ closed: true }), await everyStore({ closed: true, seed: 2 })];
    const frames = await framesOf(image);
    const file = fileOf(image, part).slice(dir.length + 1);
    const own = frames.filter((frame) => frame.file === file);
    const outcomes = await eachMove(movedFrames(image, other, file, own), image, frames);
    tried(context, 'moved-bytes', outcomes);
  });
}

test('a block of 512 bytes over another one is named at its place, with the exact loss', async (context) => {
  const image = await largeStore();
  const frames = await framesOf(image);
  const outcomes = { corrupt: 0 };
  for (const part of ['0000000001-', '0000000002-', '0000000003-']) {
    const path = fileOf(image, part);
    const bytes = bytesAt(image, path);
    const blocks = Math.floor(bytes.length / 512);
    for (let from = 0; from < blocks; from++) {
      for (let to = 0; to < blocks; to += 3) {
        if (from === to) continue;
        const copy = bytes.slice();
        copy.copyWithin(to * 512, from * 512, from * 512 + 512);
        const damaged = withFile(image, path, copy);
        const { report } = await judge(damaged);
        expect(report.verdict, `${path}: block ${from} over ${to}`).toBe('corrupt');
        expect(lies(report, truthOf(image, damaged, frames)), `${path}: block ${from} over ${to}`).toEqual([]);
        outcomes.corrupt++;
      }
    }
  }
  tried(context, 'moved-bytes', outcomes);
});

const swap = (image: Image, one: string, two: string): Image =>
  withFile(withFile(image, one, bytesAt(image, two)), two, bytesAt(image, one));

const count = (outcomes: Record<string, number>, { report, opened }: Outcome): void => {
  const outcome = `${report.verdict}, ${opened}`;
  outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
};

test('segments swapped, doubled, of another store: corrupt; what can be read is not lost', async (context) => {
  const [image, other] = [await everyStore({ closed: true }), await everyStore({ closed: true, seed: 2 })];
  const frames = await framesOf(image);
  const paths = ['0000000001-', '0000000002-', '0000000003-'].map((part) => fileOf(image, part));
  const outcomes: Record<string, number> = {};
  for (const one of paths) {
    const foreign = withFile(image, one, bytesAt(other, one));
    const outcome = await judge(foreign);
    count(outcomes, outcome);
    expect(outcome.report.verdict, one).toBe('corrupt');
    const accused = outcome.report.findings.filter(({ severity }) => severity !== 'note');
    expect(new Set(accused.map(({ file }) => file)), one).toEqual(new Set([one.slice(dir.length + 1)]));
    expect(accused[0]?.code, one).toBe('E_FOREIGN_SEGMENT');
    expect(outcome.report.lostUnknown, one).toBe(false);
    expect(seqsOf(outcome.report.lost), one).toEqual(truthOf(image, foreign, frames).lost);
    for (const two of paths) {
      if (one === two) continue;
      for (const damaged of [swap(image, one, two), withFile(image, two, bytesAt(image, one))]) {
        const moved = await judge(damaged);
        count(outcomes, moved);
        expect(moved.report.verdict, `${one} ${two}`).toBe('corrupt');
        expect(moved.report.lostUnknown, `${one} ${two}`).toBe(false);
        const gone = damaged.get(one) === image.get(one) ? recordsIn(frames, two) : [];
        expect(seqsOf(moved.report.lost), `${one} ${two}`).toEqual(gone);
        expect(moved.report.findings.map(({ code }) => code)).toContain('E_SEGMENT_NAME');
      }
    }
    const extra = await judge(withFile(image, `${dir}/wal/0000000004-00000000000000000013.wal`, bytesAt(image, one)));
    count(outcomes, extra);
    expect([extra.report.verdict, extra.opened, extra.report.lost], one).toEqual(['corrupt', 'refused', []]);
  }
  tried(context, 'moved-bytes', outcomes);
});

test('snapshots swapped, doubled, or of another store are degraded; the state is the same', async (context) => {
  const [image, other] = [await everyStore({ closed: true }), await everyStore({ closed: true, seed: 2 })];
  const paths = ['00000001.snap', '00000004.snap', '00000008.snap'].map((part) => fileOf(image, part));
  const newer = `${dir}/snapshots/00000000000000000012.snap`;
  const outcomes: Record<string, number> = {};
  for (const one of paths) {
    const cases: Edit[] = [
      { what: 'of another store', image: withFile(image, one, bytesAt(other, one)) },
      { what: 'doubled', image: withFile(image, newer, bytesAt(image, one)) },
      { what: 'added from another store', image: withFile(image, newer, bytesAt(other, one)) },
      ...paths
        .filter((two) => two !== one)
        .map((two) => ({ what: `and ${two} swapped`, image: swap(image, one, two) })),
    ];
    for (const { what, image: damaged } of cases) {
      const outcome = await judge(damaged);
      count(outcomes, outcome);
      expect([outcome.report.verdict, outcome.opened], `${one} ${what}`).toEqual(['degraded', 'opened']);
      expect(outcome.items, `${one} ${what}`).toEqual(texts(recordsOfAll));
    }
  }
  tried(context, 'bad-snapshot', outcomes);
});

test('HEAD of another store is a note; STORE.json of another store is refused', async (context) => {
  const [image, other] = [await everyStore({ closed: true }), await everyStore({ closed: true, seed: 2 })];
  const head = await judge(withFile(image, `${dir}/HEAD`, bytesAt(other, `${dir}/HEAD`)));
  expect(head.report.findings).toMatchObject([{ code: 'E_HEAD_FOREIGN', severity: 'note' }]);
  expect(head.items).toEqual(texts(recordsOfAll));
  const identity = await judge(withFile(image, `${dir}/STORE.json`, bytesAt(other, `${dir}/STORE.json`)));
  expect([identity.report.verdict, identity.opened]).toEqual(['corrupt', 'refused']);
  tried(context, 'moved-bytes', { 'note, opens': 1, 'corrupt, refused': 1 });
});

const seqsOf = (ranges: readonly { seqFirst: number; seqLast: number }[]): number[] =>
  ranges.flatMap(({ seqFirst, seqLast }) => Array.from({ length: seqLast - seqFirst + 1 }, (_, at) => seqFirst + at));

function recordsIn(frames: readonly Frame[], path: string): number[] {
  const own = frames.filter(({ file, type }) => type === 'data' && path.endsWith(file));
  return own.flatMap(({ seqFirst, count }) => Array.from({ length: count }, (_, at) => seqFirst + at));
}

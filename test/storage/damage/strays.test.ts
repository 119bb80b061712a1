import { expect, test } from 'vitest';
import { verifyStore } from '../../../src/storage/read.ts';
import { openStore } from '../../../src/storage/store.ts';
import { sealBytes } from '../../../src/storage/wal/format.ts';
import { decodeHeadFile, encodeHeadFile, headSlotOffset } from '../../../src/storage/wal/head.ts';
import { removeFile } from '../../support/sim-edit.ts';
import { framesOf } from '../repair/salvage-support.ts';
import { copied, laterFile, next, noise, withStrays } from './behind-end.ts';
import { everyStore, recordsOfAll } from './every-store.ts';
import { appendSome, bytesAt, dir, diskOf, fileOf, flipped, type Image, imageOf, make, withFile } from './image.ts';
import { judge } from './judge.ts';

/** Files behind the end of a log that HEAD proves: they take nothing with them. */

const head = `${dir}/HEAD`;
const [first, third] = ['0000000001-', '0000000003-'];

function unclosed(image: Image): Image {
  const { slot } = decodeHeadFile(bytesAt(image, head));
  if (slot === undefined) throw new Error('HEAD was sound');
  return withFile(image, head, encodeHeadFile({ ...slot, closed: false }));
}

/** Without its older slot. */
function halfOf(bytes: Uint8Array): Uint8Array {
  const counter = decodeHeadFile(bytes).slot?.counter ?? 0;
  return flipped(bytes, (headSlotOffset(counter + 1) + 1) * 8);
}

test('a file behind the end that HEAD proves is corrupt, and nothing is lost or counted twice', async () => {
  const image = await everyStore({ closed: true });
  const whole = (await judge(image)).report;
  for (const [what, damaged] of Object.entries(await withStrays(image))) {
    const { report, opened } = await judge(damaged);
    expect([report.verdict, opened], what).toEqual(['corrupt', 'refused']);
    expect(report, what).toMatchObject({ lost: [], lostUnknown: false, recordsAfterHole: 0, seqLast: recordsOfAll });
    expect([report.records, report.frames], what).toEqual([whole.records, whole.frames]);
    const files = report.findings.flatMap(({ severity, file }) => (severity === 'corrupt' ? [`${dir}/${file}`] : []));
    expect(
      files.every((file) => file === next || file === laterFile),
      what,
    ).toBe(true);
  }
});

test('a copy of a segment that lacks something is no stray: it has what is missing there', async () => {
  const image = await everyStore({ closed: true });
  const path = fileOf(image, first);
  const bytes = bytesAt(image, path);
  const cut = (await framesOf(image)).findLast((frame) => frame.path === path && frame.seqs.length > 0)?.offset;
  for (const damaged of [flipped(bytes, 8 * 180), bytes.slice(0, cut)]) {
    const { report } = await judge(withFile(copied(image, first), path, damaged));
    expect(report).toMatchObject({ verdict: 'corrupt', lost: [] });
    expect(report.recordsAfterHole).toBeGreaterThan(0);
  }
});

test('where HEAD does not prove the end, nobody says that nothing is lost behind it', async () => {
  const image = await everyStore({ closed: true });
  const env = await diskOf(image);
  const store = await openStore(env, dir, { machine: make });
  await appendSome(store, recordsOfAll + 1, recordsOfAll + 1);
  await store.rotate();
  await appendSome(store, recordsOfAll + 2, recordsOfAll + 3);
  await store.close();
  const longer = imageOf(env.fs);
  const last = fileOf(longer, '/0000000004-');
  const broken = withFile(longer, last, flipped(bytesAt(longer, last), 8 * 20));
  const unproven: Record<string, Image> = {
    'HEAD that is not closed': unclosed(withFile(image, next, noise)),
    'no HEAD': withFile(withFile(image, next, noise), head, undefined),
    'a HEAD of before': withFile(broken, head, bytesAt(image, head)),
    'a HEAD of before, and no SEAL': withFile(
      withFile(broken, head, bytesAt(image, head)),
      fileOf(broken, third),
      bytesAt(broken, fileOf(broken, third)).slice(0, -sealBytes),
    ),
    'half a HEAD': withFile(withFile(image, next, noise), head, halfOf(bytesAt(image, head))),
    'a last segment cut off': withFile(
      withFile(image, next, noise),
      fileOf(image, third),
      bytesAt(image, fileOf(image, third)).slice(0, -48),
    ),
  };
  for (const [what, damaged] of Object.entries(unproven)) {
    const { report, opened } = await judge(damaged);
    expect([report.verdict, opened], what).toEqual(['corrupt', 'refused']);
    expect(report.lostUnknown || report.lost.length > 0, what).toBe(true);
  }
  // The one before it, and HEAD, from an old copy: its own header shows what it follows.
  const old = withFile(longer, head, bytesAt(image, head));
  const mixed = withFile(old, fileOf(image, third), bytesAt(image, fileOf(image, third)));
  expect((await judge(mixed)).report.lost).toEqual([{ seqFirst: recordsOfAll + 1, seqLast: recordsOfAll + 1 }]);
});

test('one that is gone at the second look is no stray any more', async () => {
  const env = await diskOf(copied(await everyStore({ closed: true }), third));
  expect((await verifyStore(env, dir)).strays).toEqual([next.slice(`${dir}/`.length)]);
  const { clock } = env;
  const sleep = async (ms: number): Promise<void> => {
    removeFile(env.fs, next);
    await clock.sleep(ms);
  };
  const watched = { now: () => clock.now(), monotonic: () => clock.monotonic(), sleep };
  expect(await verifyStore({ ...env, clock: watched }, dir)).toMatchObject({ verdict: 'clean', strays: [] });
});

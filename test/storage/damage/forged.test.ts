import { expect, test } from 'vitest';
import { crcOf } from '../../../src/base/bytes.ts';
import { openStore } from '../../../src/storage/store.ts';
import { encodeStoreFile } from '../../../src/storage/store-file.ts';
import { FrameType, payloadBytesMax } from '../../../src/storage/wal/format.ts';
import { packed } from '../../../src/storage/wal/records.ts';
import { simEnv } from '../../support/env.ts';
import { Prng } from '../../support/seeded-random.ts';
import { tried } from '../../support/tried.ts';
import { type Built, type FrameSpec, header, segment } from '../wal/build.ts';
import { framesOf } from './every-store.ts';
import { dir, type Image, imageOf, make, textOf, withFile } from './image.ts';
import { judge, texts } from './judge.ts';
import { lies, truthOf } from './truth.ts';

/** Logs that no writer writes and no crash leaves, every checksum right: put together frame by frame. */

const log = `${dir}/wal/0000000001-00000000000000000001.wal`;
const frame = (number: number, more: FrameSpec = {}): FrameSpec => ({ records: [textOf(number)], ...more });

/** A store of one segment, without HEAD: nothing but the frames says how far it was durable. */
function storeOf(bytes: Uint8Array): Image {
  const identity = encodeStoreFile({ id: header.storeId, createdMs: header.createdMs });
  return new Map([
    [`${dir}/STORE.json`, identity],
    [log, bytes],
  ]);
}

const built = (...frames: FrameSpec[]): Image => storeOf(segment(frames).bytes);

test('the store put together by hand is a sound one', async () => {
  const { report, items } = await judge(built(frame(1), frame(2), frame(3)));
  expect(report.verdict).toBe('clean');
  expect(items).toEqual(texts(3));
});

test('a seq doubled, jumping or stepping back is corrupt, refused, and a jump is counted', async (context) => {
  const outcomes = { 'corrupt, refused': 0 };
  const rows: [FrameSpec, code: string, lost: object[]][] = [
    [frame(2, { seqFirst: 1 }), 'E_SEQ_BACK', []],
    [frame(2, { seqFirst: 3 }), 'E_GAP', [{ seqFirst: 2, seqLast: 2 }]],
    [frame(2, { seqFirst: 1000 }), 'E_GAP', [{ seqFirst: 2, seqLast: 999 }]],
    [frame(2, { seqFirst: 2 ** 53 - 3 }), 'E_GAP', [{ seqFirst: 2, seqLast: 2 ** 53 - 4 }]],
    [frame(2, { seqFirst: 0 }), 'E_SEQ_BACK', []],
  ];
  for (const [spec, code, lost] of rows) {
    for (const more of [[], [frame(3)]]) {
      const { report, opened } = await judge(built(frame(1), spec, ...more));
      expect([report.verdict, opened, report.lost], JSON.stringify(spec)).toEqual(['corrupt', 'refused', lost]);
      expect(report.findings.map((finding) => finding.code)).toContain(code);
      outcomes['corrupt, refused']++;
    }
  }
  tried(context, 'wrong-seq', outcomes);
});

test('an unknown type below 128 is a newer format and refused; one from 128 on is skipped', async (context) => {
  const outcomes = { 'newer, refused': 0, skipped: 0 };
  for (let type = 7; type < 256; type++) {
    const odd = { payload: Uint8Array.of(1, 2, 3), type, count: 0 };
    const { report, opened, items } = await judge(built(frame(1), odd, frame(2)));
    if (type < 128) {
      expect([report.verdict, opened], `type ${type}`).toEqual(['newer', 'refused']);
      outcomes['newer, refused']++;
    } else {
      expect([report.verdict, opened, items], `type ${type}`).toEqual(['clean', 'opened', texts(2)]);
      outcomes.skipped++;
    }
  }
  tried(context, 'wrong-seq', outcomes);
});

test('a frame that a lying sync lost is corrupt without HEAD too, and the loss is exact', async (context) => {
  const frames = Array.from({ length: 6 }, (_, at) => frame(at + 1));
  const sound = segment(frames);
  const image = storeOf(sound.bytes);
  const all = await framesOf(image);
  const random = new Prng(3);
  const outcomes = { 'corrupt, refused': 0 };
  for (let first = 0; first < 5; first++) {
    for (let last = first; last < 5; last++) {
      const [from, to] = [sound.offsets[first] ?? 0, sound.offsets[last + 1] ?? 0];
      for (const fill of [new Uint8Array(to - from), random.bytes(to - from), sound.bytes.slice(from - 40, to - 40)]) {
        const bytes = sound.bytes.slice();
        bytes.set(fill, from);
        const damaged = withFile(image, log, bytes);
        const { report, opened } = await judge(damaged);
        expect([report.verdict, opened], `${first}..${last}`).toEqual(['corrupt', 'refused']);
        expect(lies(report, truthOf(image, damaged, all)), `${first}..${last}`).toEqual([]);
        outcomes['corrupt, refused']++;
      }
    }
  }
  tried(context, 'lying-sync', outcomes);
});

test('a frame at a wrong offset is not replayed: corrupt, with later frames there', async (context) => {
  const outcomes = { 'corrupt, refused': 0 };
  for (const offset of [0, 8, 96, 97, 2 ** 32 - 8]) {
    const { report, opened, code } = await judge(built(frame(1), frame(2, { offset }), frame(3)));
    expect([report.verdict, opened], `${offset}`).toEqual(['corrupt', 'refused']);
    expect(report.lost, `${offset} ${code}`).toEqual([{ seqFirst: 2, seqLast: 2 }]);
    outcomes['corrupt, refused']++;
  }
  tried(context, 'lying-sync', outcomes);
});

const hostileLengths = [0, 1, payloadBytesMax, payloadBytesMax + 1, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1];

function withField(source: Built, at: number, field: number, value: number, forge: boolean): Uint8Array {
  const bytes = Buffer.from(source.bytes);
  bytes.writeUInt32LE(value, at + field);
  if (forge) bytes.writeUInt32LE(crcOf(bytes.subarray(at, at + 36), header.salt), at + 36);
  return bytes;
}

test('hostile lengths and counts, their checksum right or wrong, are damage and allocate nothing', async (context) => {
  const sound = segment([frame(1), frame(2), frame(3)]);
  const outcomes: Record<string, number> = {};
  const before = process.memoryUsage().arrayBuffers;
  for (const [index, offset] of sound.offsets.entries()) {
    for (const field of [4, 8]) {
      for (const value of hostileLengths) {
        for (const forge of [true, false]) {
          if (field === 8 && value === 1) continue;
          const { report, opened } = await judge(storeOf(withField(sound, offset, field, value, forge)));
          const what = `frame ${index}, field ${field} = ${value}, ${forge ? 'forged' : 'plain'}`;
          const expected = index < 2 ? ['corrupt'] : ['corrupt', 'ambiguous', 'torn'];
          expect(expected, what).toContain(report.verdict);
          // Behind a header that cannot be trusted the seqs of the frame are told by its neighbours.
          if (index < 2 && !forge) expect(report.lost, what).toEqual([{ seqFirst: index + 1, seqLast: index + 1 }]);
          const key = `${report.verdict}, ${opened}`;
          outcomes[key] = (outcomes[key] ?? 0) + 1;
        }
      }
    }
  }
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * 1024 * 1024);
  tried(context, 'record-length', outcomes);
});

test('an operation over the limit is refused before a byte is written, and the store goes on', async (context) => {
  const env = simEnv();
  const store = await openStore(env, dir, { machine: make, create: true });
  await store.append(packed([Buffer.from(textOf(1))]));
  const before = imageOf(env.fs);
  const big = new Uint8Array(payloadBytesMax).fill(65);
  for (const records of [[big], [big.subarray(1), Buffer.from('more')], Array(3).fill(big.subarray(0, 2 ** 25))]) {
    await expect(store.append(packed(records))).rejects.toMatchObject({ code: 'E_RECORD_SIZE', exit: 2 });
  }
  expect(imageOf(env.fs)).toEqual(before);
  await store.append(packed([Buffer.from(textOf(2))]));
  expect(store.machine.items).toEqual(texts(2));
  await store.close();
  tried(context, 'record-length', { 'refused before a byte': 3 });
});

test('LOST owns its seqs: they are no gap', async () => {
  const lost = { payload: Uint8Array.of(1), type: FrameType.lost, count: 3 };
  const { report } = await judge(built(frame(1), lost, frame(5)));
  expect([report.verdict, report.lost]).toEqual(['clean', []]);
});

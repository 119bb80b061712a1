import { expect } from 'vitest';
import { scanStore } from '../../../src/storage/read.ts';
import { openStore } from '../../../src/storage/store.ts';
import type { FrameView } from '../../../src/storage/types.ts';
import {
  decodeSegmentHeader,
  FrameType,
  frameBytes,
  frameHeaderBytes,
  sealFrame,
} from '../../../src/storage/wal/format.ts';
import { decodeHeadFile } from '../../../src/storage/wal/head.ts';
import { packed } from '../../../src/storage/wal/records.ts';
import { simEnv } from '../../support/env.ts';
import { bytesOf, putFile } from '../../support/sim-edit.ts';
import type { SimFs } from '../../support/sim-fs.ts';
import { appendSome, dir, diskOf, type Image, imageOf, make } from './image.ts';

/** Records 1..`recordsOfAll`, in three segments. */
export const recordsOfAll = 12;

/** A frame of an undamaged store. */
export type Frame = Pick<FrameView, 'file' | 'offset' | 'bytes' | 'type' | 'seqFirst' | 'count'>;

/**
 * A store with every kind of frame that there is, one that may be skipped included, and with snapshots of both codecs:
 * at seq 1 one that does not shrink, at 4 and 8 compressed ones.
 */
export async function everyStore(options: { closed: boolean; seed?: number }): Promise<Image> {
  const env = simEnv({ seed: options.seed ?? 1 });
  let store = await openStore(env, dir, { machine: make, create: true, keepSnapshots: 5 });
  await appendSome(store, 1, 1);
  await store.checkpoint();
  await appendSome(store, 2, 4);
  await store.checkpoint();
  await store.rotate();
  await appendSome(store, 5, 7);
  await store.close();
  store = await openStore(env, dir, { machine: make, keepSnapshots: 5 });
  await appendSome(store, 8, 8);
  await store.checkpoint();
  await store.rotate();
  await store.append(packed([Buffer.from('record 9'), Buffer.from('record 10')]));
  await store.close();
  addFrames(env.fs);
  store = await openStore(env, dir, { machine: make, keepSnapshots: 5 });
  await appendSome(store, 11, recordsOfAll);
  if (options.closed) await store.close();
  return imageOf(env.fs);
}

/** What no writer of this version writes, and readers know: a LOST frame, here of no seqs, and a type to be skipped. */
function addFrames(fs: SimFs): void {
  const { slot } = decodeHeadFile(bytesOf(fs, `${dir}/HEAD`));
  const path = [...imageOf(fs).keys()].find((name) => name.includes(`/${String(slot?.ordinal).padStart(10, '0')}-`));
  expect(slot, 'HEAD of a store that was closed well').toBeDefined();
  if (slot === undefined || path === undefined) return;
  const bytes = bytesOf(fs, path);
  const header = decodeSegmentHeader(bytes);
  if (!header.ok || slot.end !== bytes.length) throw new Error('the segment was sound');
  const more: Uint8Array[] = [];
  let [offset, link] = [slot.end, slot.link];
  for (const type of [FrameType.lost, 200]) {
    const frame = new Uint8Array(frameBytes(3));
    frame.set([1, 2, 3], frameHeaderBytes);
    const stated = { type, payloadBytes: 3, count: 0, seqFirst: slot.seqLast + 1, offset, certified: offset, link };
    link = sealFrame(frame, header.header.salt, stated);
    offset += frame.length;
    more.push(frame);
  }
  putFile(fs, path, Buffer.concat([bytes, ...more]));
}

/** Three segments of records large enough that blocks of 4 KiB are a part of them; snapshots at 6 and 12; closed. */
export async function largeStore(seed = 1): Promise<Image> {
  const env = simEnv({ seed });
  const store = await openStore(env, dir, { machine: make, create: true, keepSnapshots: 5 });
  for (let number = 1; number <= recordsOfAll * 3; number++) {
    await store.append(packed([Buffer.from(largeText(number))]));
    if (number % 12 === 6) await store.checkpoint();
    if (number % 12 === 0 && number < recordsOfAll * 3) await store.rotate();
  }
  await store.close();
  return imageOf(env.fs);
}

export const largeText = (number: number): string => `record ${number} `.repeat(20 + ((number * 37) % 60));

/** Every frame of the log, in order. */
export async function framesOf(image: Image): Promise<Frame[]> {
  const frames: Frame[] = [];
  const report = await scanStore(await diskOf(image), dir, {
    frame: ({ file, offset, bytes, type, seqFirst, count }) => {
      frames.push({ file, offset, bytes, type, seqFirst, count });
      return undefined;
    },
  });
  if (report.verdict !== 'clean') throw new Error(`the store was ${report.verdict}`);
  return frames;
}

import { WalqError } from '../../../src/base/errors.ts';
import { planSalvage, type SalvagePlan } from '../../../src/storage/salvage.ts';
import { writeSalvage } from '../../../src/storage/salvage-write.ts';
import type { StateMachine, StorageEnv } from '../../../src/storage/types.ts';
import { frameBytes, segmentHeaderBytes } from '../../../src/storage/wal/format.ts';
import { scanSegment } from '../../../src/storage/wal/scan-segment.ts';
import { sourceOf } from '../../support/source.ts';
import { bytesAt, dir, fileOf, type Image } from '../damage/image.ts';
import { healing } from './support.ts';

export const to = '/new';
export const segmentParts = ['0000000001-', '0000000002-', '0000000003-'] as const;

export interface FramePlace {
  path: string;
  offset: number;
  bytes: number;
  /** Seqs of its records. */
  seqs: number[];
}

/** Every frame of a whole store. */
export async function framesOf(image: Image): Promise<FramePlace[]> {
  const frames: FramePlace[] = [];
  for (const part of segmentParts) {
    const path = fileOf(image, part);
    await scanSegment(sourceOf(bytesAt(image, path)), {
      visit: ({ offset, payloadBytes, type, count, seqFirst }) => {
        const seqs = type === 1 ? Array.from({ length: count }, (_, at) => seqFirst + at) : [];
        frames.push({ path, offset, bytes: frameBytes(payloadBytes), seqs });
        return undefined;
      },
    });
  }
  return frames;
}

/** Overwrites a stretch with what is no frame. */
export function destroyed(bytes: Uint8Array, offset: number, length: number): Uint8Array {
  const copy = bytes.slice();
  copy.fill(0xee, offset, offset + length);
  return copy;
}

export const segmentHeader = { offset: 0, bytes: segmentHeaderBytes };

export function plan(env: StorageEnv, until?: number): Promise<SalvagePlan> {
  return planSalvage(env, dir, healing.readable, async () => () => {}, until);
}

export async function salvage(env: StorageEnv): Promise<SalvagePlan> {
  const planned = await plan(env);
  await writeSalvage(env, planned, to, { readable: healing.readable, segmentBytes: 400 });
  return planned;
}

/** Records by seq. Takes whatever comes, but for records that say which seq they need. */
export class SeqMachine implements StateMachine {
  readonly items = new Map<number, string>();

  apply(record: Uint8Array, seq: number): void {
    const text = Buffer.from(record).toString();
    const needs = /^record needs (\d+)/.exec(text)?.[1];
    if (needs !== undefined && !this.items.has(Number(needs)))
      throw new WalqError(3, 'E_APPLY', `there is no ${needs}`);
    this.items.set(seq, text);
  }
  *cut(): Iterable<Uint8Array> {
    for (const [seq, text] of [...this.items]) yield Buffer.from(`${seq}:${text}`);
  }
  load(entry: Uint8Array): void {
    const [, seq, text = ''] = /^(?:(\d+):)?(.*)$/.exec(Buffer.from(entry).toString()) ?? [];
    // Of a list, the number in the text.
    this.items.set(Number(seq ?? text.split(' ')[1]), text);
  }
}

export const seqMachine = () => new SeqMachine();

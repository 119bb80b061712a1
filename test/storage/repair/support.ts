import { createHash } from 'node:crypto';
import { applyRepair, planRepair, type RepairPlan, type RepairRequest } from '../../../src/storage/repair.ts';
import { undoRepair } from '../../../src/storage/repair-undo.ts';
import type { StorageEnv } from '../../../src/storage/types.ts';
import type { SimFs } from '../../support/sim-fs.ts';
import { bytesAt, dir, diskOf, fileOf, flipped, type Image, imageOf, sampleStore, withFile } from '../damage/image.ts';

const storeFile = `${dir}/STORE.json`;
export const journalFile = `${dir}/quarantine/repair-0001.json`;

export const withTail = (bytes: Uint8Array): Uint8Array => Uint8Array.from([...bytes, ...new Uint8Array(700).fill(7)]);

export interface Damaged {
  whole: Image;
  damaged: Image;
  /** The active segment. */
  segment: string;
}

/** A store with 700 odd bytes behind its end, and a STORE.json that is none: a repair of two actions. */
export async function damagedStore(): Promise<Damaged> {
  const whole = await sampleStore({ closed: true });
  const segment = fileOf(whole, '0000000003-');
  const tailed = withFile(whole, segment, withTail(bytesAt(whole, segment)));
  return { whole, damaged: withFile(tailed, storeFile, new Uint8Array(Buffer.from('{}'))), segment };
}

const readable = (record: Uint8Array): boolean => Buffer.from(record).toString().startsWith('record ');
export const trimming: RepairRequest = { mode: 'trim', readable };
export const healing: RepairRequest = { mode: 'heal', readable };

export async function repair(
  env: StorageEnv,
  request: RepairRequest = trimming,
  storeDir: string = dir,
): Promise<RepairPlan> {
  const plan = await planRepair(env, storeDir, request);
  await applyRepair(env, plan, request, { yes: true });
  return plan;
}

export async function repaired(): Promise<Damaged & { env: StorageEnv & { fs: SimFs }; tail: string; other: string }> {
  const store = await damagedStore();
  const env = await diskOf(store.damaged);
  await repair(env);
  const image = imageOf(env.fs);
  return { ...store, env, tail: fileOf(image, '.tail-'), other: fileOf(image, 'quarantine/STORE.json') };
}

/** A store with three flipped bits: in the header and in a frame of one segment, and in a frame of the next. */
export async function flippedStore(): Promise<{ whole: Image; damaged: Image }> {
  const whole = await sampleStore({ closed: true });
  const [one, two] = [fileOf(whole, '0000000001-'), fileOf(whole, '0000000002-')];
  const first = withFile(whole, one, flipped(flipped(bytesAt(whole, one), 8 * 50 + 3), 8 * 200));
  return { whole, damaged: withFile(first, two, flipped(bytesAt(whole, two), 8 * 300 + 7)) };
}

/** Undoes all that was applied. */
export async function undoAll(env: StorageEnv, storeDir: string = dir): Promise<void> {
  for (;;) {
    try {
      await undoRepair(env, storeDir);
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'E_NOTHING_TO_UNDO') return;
      throw error;
    }
  }
}

/** SHA-256 of each file of a store; its lock, what was set aside, and what a crash left of a new file do not count. */
export function filesOf(image: Image): Map<string, string> {
  const files = [...image].filter(([path]) => !/LOCK$|quarantine|\.tmp$/.test(path));
  return new Map(files.map(([path, bytes]) => [path, createHash('sha256').update(bytes).digest('hex')]));
}

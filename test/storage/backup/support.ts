import { expect } from 'vitest';
import { WalqError } from '../../../src/base/errors.ts';
import { type BackupResult, backupStore } from '../../../src/storage/backup.ts';
import { verifyStore } from '../../../src/storage/read.ts';
import { openStore } from '../../../src/storage/store.ts';
import type { StorageEnv } from '../../../src/storage/types.ts';
import { packed } from '../../../src/storage/wal/records.ts';
import { SimFs } from '../../support/sim-fs.ts';
import { imageAfterKill } from '../../support/sim-image.ts';
import type { OpRecord } from '../../support/sim-ops.ts';
import { dir, diskOf, type Image, imageOf, make } from '../damage/image.ts';

/** Where backups go: beside the store, on the same disk. */
export const copyDir = '/copy';

export type SimWorld = StorageEnv & { fs: SimFs };

export function backup(env: StorageEnv): Promise<BackupResult> {
  return backupStore(env, dir, copyDir, make);
}

/** The files below a folder, as if they were the store itself. */
export function filesBelow(image: Image, folder: string): Image {
  const found = [...image].filter(([path]) => path.startsWith(`${folder}/`));
  return new Map(found.map(([path, bytes]) => [`${dir}${path.slice(folder.length)}`, bytes]));
}

/** What a copy holds, opened as a store of its own; it must be clean, and take a record and a snapshot. */
export async function itemsOf(copy: Image): Promise<string[]> {
  const env = await diskOf(copy);
  const report = await verifyStore(env, dir);
  expect(report.findings.filter(({ severity }) => severity !== 'note')).toEqual([]);
  expect(report.endProven).toBe(true);
  const store = await openStore(env, dir, { machine: make });
  const items = [...store.machine.items];
  await store.append(packed([Buffer.from('one more')]));
  await store.checkpoint();
  await store.close();
  return items;
}

export function expectSameFiles(after: Image, before: Image): void {
  const differ = [...new Set([...after.keys(), ...before.keys()])].filter((path) => {
    const [left, right] = [after.get(path), before.get(path)];
    return left === undefined || right === undefined || Buffer.compare(left, right) !== 0;
  });
  expect(differ, 'files that differ').toEqual([]);
}

export function storeFiles(env: SimWorld): Image {
  return filesBelow(imageOf(env.fs), dir);
}

/** The disk after each call of `work` that changed it, and how the last one ended: where a crash may find it. */
export async function pointsOf(
  env: SimWorld,
  work: () => Promise<unknown>,
): Promise<{ fs: SimFs; answered: boolean }[]> {
  const points: { fs: SimFs; answered: boolean }[] = [];
  const mark = (answered: boolean) => points.push({ fs: new SimFs(imageAfterKill(env.fs.root)), answered });
  env.fs.watch = () => mark(false);
  await work();
  mark(true);
  env.fs.watch = undefined;
  return points;
}

/** What a crash may leave of it, some thousand times: small enough to try them all. */
export const crashOptions = { subsetsUpTo: 4, sectorsMax: 3, fills: ['zero'] } as const;

/** `work` on a fresh disk for each call that `match` accepts, with that call failing; its code, and what it left. */
export async function* failing(
  image: Image,
  work: (env: SimWorld) => Promise<unknown>,
  match: (record: OpRecord) => boolean,
  errno: string,
): AsyncGenerator<{ code: string; hit: string; left: Image }> {
  for (let nth = 1; ; nth++) {
    const env = await diskOf(image);
    const from = env.fs.log.length;
    env.fs.inject({ nth, errno, match });
    const code = await work(env).then(
      () => 'ok',
      (error: unknown) => {
        if (error instanceof WalqError) return error.code;
        throw error;
      },
    );
    const hit = env.fs.log.slice(from).filter(match)[nth - 1];
    if (hit === undefined) return;
    yield { code, hit: `${hit.kind} ${hit.path}`, left: imageOf(env.fs) };
  }
}

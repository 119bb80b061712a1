import { expect } from 'vitest';
import { type BackupResult, backupStore } from '../../../src/storage/backup.ts';
import { verifyStore } from '../../../src/storage/read.ts';
import { openStore } from '../../../src/storage/store.ts';
import type { StorageEnv } from '../../../src/storage/types.ts';
import type { SimFs } from '../../support/sim-fs.ts';
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
  await store.append([Buffer.from('one more')]);
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

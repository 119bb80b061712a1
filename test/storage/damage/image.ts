import { parentOf } from '../../../src/base/path.ts';
import { encodePreamble, preambleBytes } from '../../../src/storage/preamble.ts';
import { openStore, type Store } from '../../../src/storage/store.ts';
import type { StorageEnv } from '../../../src/storage/types.ts';
import { packed } from '../../../src/storage/wal/records.ts';
import { simEnv } from '../../support/env.ts';
import { putFile } from '../../support/sim-edit.ts';
import { SimFs } from '../../support/sim-fs.ts';
import { treeOf } from '../../support/sim-image.ts';
import { ListMachine } from '../crash/list-machine.ts';

/** All files of a store, path -> bytes: damaged here by plain array edits, then put on a fresh disk. */
export type Image = ReadonlyMap<string, Uint8Array>;

export const dir = '/s';
export const make = () => new ListMachine();

export function imageOf(fs: SimFs): Image {
  const image = new Map<string, Uint8Array>();
  for (const [path, content] of treeOf(fs.root)) if (content instanceof Uint8Array) image.set(path, content.slice());
  return image;
}

/** A fresh disk with these files, everything on it durable. */
export async function diskOf(image: Image): Promise<StorageEnv & { fs: SimFs }> {
  const fs = new SimFs();
  const folders = new Set([dir, `${dir}/wal`, `${dir}/snapshots`, ...[...image.keys()].flatMap(foldersOf)]);
  for (const folder of folders) await fs.mkdir(folder);
  for (const folder of ['/', dir]) await fs.syncDir(folder);
  for (const [path, bytes] of image) putFile(fs, path, bytes);
  return simEnv({ fs });
}

/** Outermost first, without the root. */
function foldersOf(path: string): string[] {
  const parent = parentOf(path);
  return parent === '/' ? [] : [...foldersOf(parent), parent];
}

export function withFile(image: Image, path: string, bytes: Uint8Array | undefined): Image {
  const next = new Map(image);
  if (bytes === undefined) next.delete(path);
  else next.set(path, bytes);
  return next;
}

export function flipped(bytes: Uint8Array, bit: number): Uint8Array {
  const copy = bytes.slice();
  copy[bit >> 3] = (copy[bit >> 3] as number) ^ (1 << (bit & 7));
  return copy;
}

/** One image for every `step`-th flipped bit of the file whose path has `part`. Answers how many. */
export async function eachBit(
  image: Image,
  part: string,
  check: (bit: number, image: Image, file: string) => Promise<void>,
  step = 1,
): Promise<number> {
  const path = fileOf(image, part);
  const bytes = bytesAt(image, path);
  let cases = 0;
  for (let bit = 0; bit < bytes.length * 8; bit += step) {
    await check(bit, withFile(image, path, flipped(bytes, bit)), path.slice('/s/'.length));
    cases++;
  }
  return cases;
}

export function fileOf(image: Image, part: string): string {
  const found = [...image.keys()].filter((path) => path.includes(part));
  if (found.length !== 1) throw new Error(`${found.length} files match ${part}: ${found.join(' ')}`);
  return found[0] as string;
}

export function bytesAt(image: Image, path: string): Uint8Array {
  const bytes = image.get(path);
  if (bytes === undefined) throw new Error(`no file ${path}`);
  return bytes;
}

/** The same file as a walq of a later format would begin it. */
export function ofNewerFormat(bytes: Uint8Array): Uint8Array {
  const magic = Buffer.from(bytes.subarray(0, 8)).toString('latin1');
  return Uint8Array.from([...encodePreamble(magic, 9, 9), ...bytes.subarray(preambleBytes)]);
}

export const textOf = (number: number) => `record ${number}`;

export async function appendSome(store: Store<ListMachine>, from: number, to: number): Promise<void> {
  for (let number = from; number <= to; number++) await store.append(packed([Buffer.from(textOf(number))]));
}

/**
 * A store with every kind of frame: three segments, the first two sealed; snapshots at 4 and 8; records 1..12; closed
 * in between and, if asked, at the end.
 */
export async function sampleStore(options: { closed: boolean }): Promise<Image> {
  const env = simEnv();
  let store = await openStore(env, dir, { machine: make, create: true, keepSnapshots: 5 });
  await appendSome(store, 1, 4);
  await store.checkpoint();
  await store.rotate();
  await appendSome(store, 5, 7);
  await store.close();
  store = await openStore(env, dir, { machine: make, keepSnapshots: 5 });
  await appendSome(store, 8, 8);
  await store.checkpoint();
  await store.rotate();
  await store.append(packed([Buffer.from(textOf(9)), Buffer.from(textOf(10))]));
  await appendSome(store, 11, 12);
  if (options.closed) await store.close();
  return imageOf(env.fs);
}

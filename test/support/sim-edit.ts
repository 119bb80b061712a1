import type { SimFs } from './sim-fs.ts';
import { Bytes, errnoError, type Node, newFile } from './sim-nodes.ts';
import { planCreate, resolve } from './sim-tree.ts';

/** Changes made behind the program's back: durable at once, neither numbered nor failed. */

/** Puts a file with these bytes there, over whatever was. */
export function putFile(fs: SimFs, path: string, bytes: Uint8Array): void {
  const { node } = resolve(fs.root, 'open', path, true);
  if (node?.kind === 'file') {
    node.now = new Bytes(bytes);
    node.durable = new Bytes(bytes);
    node.pending = [];
  } else {
    const file = newFile(fs.inoNext(), 0, new Bytes(bytes));
    file.links = 1;
    putNode(fs, path, file);
  }
}

export function putLink(fs: SimFs, path: string, target: string): void {
  putNode(fs, path, { kind: 'link', ino: fs.inoNext(), mtimeMs: 0, target });
}

/** The bytes of a file as the process sees them; a copy. */
export function bytesOf(fs: SimFs, path: string): Uint8Array {
  const { node } = resolve(fs.root, 'open', path, true);
  if (node?.kind !== 'file') throw errnoError('ENOENT', 'open', path);
  return node.now.view().slice();
}

export function removeFile(fs: SimFs, path: string): void {
  const { folder, name } = resolve(fs.root, 'unlink', path, false);
  folder.now.delete(name);
  folder.durable.delete(name);
}

export function setMode(fs: SimFs, path: string, mode: number): void {
  const { node } = resolve(fs.root, 'chmod', path, true);
  if (node === undefined || node.kind === 'link') throw errnoError('ENOENT', 'chmod', path);
  node.mode = mode;
}

function putNode(fs: SimFs, path: string, node: Node): void {
  const { folder, name } = planCreate(fs.root, 'open', path);
  folder.now.set(name, node);
  folder.durable.set(name, node);
}

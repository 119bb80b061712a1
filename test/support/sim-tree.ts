import { type EntryOp, errnoError, type FolderNode, type Node } from './sim-nodes.ts';

/** Where a path leads: the folder that holds (or would hold) the name, and what is there. */
export interface Place {
  folder: FolderNode;
  /** Empty for the root, and for paths that end in '..'. */
  name: string;
  node: Node | undefined;
  /** The folders passed, root first. */
  trail: readonly FolderNode[];
}

const linksMax = 40;

/** Walks a path as the kernel does. Throws ENOENT, ENOTDIR, ELOOP, EACCES. */
export function resolve(root: FolderNode, syscall: string, path: string, follow: boolean): Place {
  const fail = (code: string): never => {
    throw errnoError(code, syscall, path);
  };
  let parts = split(path);
  let trail = [root];
  let links = 0;
  for (let part = parts.shift(); part !== undefined; part = parts.shift()) {
    const folder = trail.at(-1) ?? root;
    if (part === '..') {
      if (trail.length > 1) trail.pop();
      continue;
    }
    if ((folder.mode & 0o100) === 0) fail('EACCES');
    const node = folder.now.get(part);
    const last = parts.length === 0;
    if (node?.kind === 'link' && (follow || !last)) {
      if (++links > linksMax) fail('ELOOP');
      if (node.target.startsWith('/')) trail = [root];
      parts = [...split(node.target), ...parts];
      continue;
    }
    if (last) return { folder, name: part, node, trail };
    if (node === undefined) return fail('ENOENT');
    if (node.kind !== 'folder') return fail('ENOTDIR');
    trail.push(node);
  }
  const folder = trail.at(-1) ?? root;
  return { folder, name: '', node: folder, trail };
}

function split(path: string): string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.');
}

/**
 * What each of these changes in the folders, as pending operations still without a number. Throws the errno the
 * kernel would.
 */
export type EntryChange = { folder: FolderNode; op: DistributiveOmit<EntryOp, 'id'> };
type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

export function planRename(root: FolderNode, path: string, to: string): EntryChange[] {
  const fail = (code: string): never => {
    throw errnoError(code, 'rename', path);
  };
  const source = resolve(root, 'rename', path, false);
  const target = resolve(root, 'rename', to, false);
  const node = source.node;
  if (node === undefined) return fail('ENOENT');
  if (source.name === '' || target.name === '') fail('EBUSY');
  mustBeWritable(source.folder, 'rename', path);
  mustBeWritable(target.folder, 'rename', to);
  if (node.kind === 'folder' && target.trail.includes(node)) fail('EINVAL');
  const old = target.node;
  if (old === node) return [];
  if (old !== undefined) {
    if (old.kind === 'folder' && source.trail.includes(old)) fail('ENOTEMPTY');
    if (node.kind === 'folder' && old.kind !== 'folder') fail('ENOTDIR');
    if (node.kind !== 'folder' && old.kind === 'folder') fail('EISDIR');
    if (old.kind === 'folder' && old.now.size > 0) fail('ENOTEMPTY');
  }
  if (source.folder === target.folder) {
    return [{ folder: source.folder, op: { kind: 'move', from: source.name, to: target.name, node } }];
  }
  return [
    { folder: target.folder, op: { kind: 'set', name: target.name, node } },
    { folder: source.folder, op: { kind: 'remove', name: source.name } },
  ];
}

export function planLink(root: FolderNode, path: string, to: string): EntryChange[] {
  const { node } = resolve(root, 'link', path, false);
  if (node === undefined) throw errnoError('ENOENT', 'link', path);
  const target = resolve(root, 'link', to, false);
  if (target.node !== undefined) throw errnoError('EEXIST', 'link', to);
  mustBeWritable(target.folder, 'link', to);
  if (node.kind === 'folder') throw errnoError('EPERM', 'link', path);
  return [{ folder: target.folder, op: { kind: 'set', name: target.name, node } }];
}

export function planUnlink(root: FolderNode, path: string): EntryChange[] {
  const { folder, name, node } = resolve(root, 'unlink', path, false);
  if (node === undefined) throw errnoError('ENOENT', 'unlink', path);
  mustBeWritable(folder, 'unlink', path);
  if (node.kind === 'folder') throw errnoError('EISDIR', 'unlink', path);
  return [{ folder, op: { kind: 'remove', name } }];
}

export function planRmdir(root: FolderNode, path: string): EntryChange[] {
  const { folder, name, node } = resolve(root, 'rmdir', path, false);
  if (node === undefined) throw errnoError('ENOENT', 'rmdir', path);
  if (node.kind !== 'folder') throw errnoError('ENOTDIR', 'rmdir', path);
  if (name === '') throw errnoError('EBUSY', 'rmdir', path);
  mustBeWritable(folder, 'rmdir', path);
  if (node.now.size > 0) throw errnoError('ENOTEMPTY', 'rmdir', path);
  return [{ folder, op: { kind: 'remove', name } }];
}

/** Where a new entry may go. Throws EEXIST, EACCES. */
export function planCreate(root: FolderNode, syscall: string, path: string): { folder: FolderNode; name: string } {
  const { folder, name, node } = resolve(root, syscall, path, false);
  if (node !== undefined) throw errnoError('EEXIST', syscall, path);
  mustBeWritable(folder, syscall, path);
  return { folder, name };
}

function mustBeWritable(folder: FolderNode, syscall: string, path: string): void {
  if ((folder.mode & 0o300) !== 0o300) throw errnoError('EACCES', syscall, path);
}

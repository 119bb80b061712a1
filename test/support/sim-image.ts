import { createHash } from 'node:crypto';
import {
  applyData,
  applyEntry,
  type Bytes,
  type DataOp,
  type EntryOp,
  type FileNode,
  type FolderNode,
  type Node,
  newFile,
  newFolder,
  nodesUnder,
} from './sim-nodes.ts';
import { resolve } from './sim-tree.ts';

export type PendingOp = (DataOp | EntryOp) & { readonly owner: FileNode | FolderNode };

/** Every un-synced operation of the tree, in the order of the calls. */
export function pendingOf(root: FolderNode): PendingOp[] {
  const all: PendingOp[] = [];
  for (const owner of nodesUnder(root)) {
    if (owner.kind !== 'link') for (const op of owner.pending) all.push({ ...op, owner });
  }
  return all.sort((left, right) => left.id - right.id);
}

/** What the next process finds after a kill: page cache and pending operations are as they were, locks are gone. */
export function imageAfterKill(root: FolderNode): FolderNode {
  return copyTree(root, {
    content: (file) => file.now.clone(),
    durable: (file) => file.durable.clone(),
    entries: (folder) => folder.now,
    keepPending: true,
  });
}

/**
 * What the disk holds after a power loss in which exactly the operations that `survives` accepts reached the platter.
 * `rewrite` may put other bytes in the place of one write (a torn one), or none.
 */
export function imageAfterPowerLoss(
  root: FolderNode,
  survives: (op: DataOp | EntryOp) => boolean,
  rewrite: (content: Bytes, op: DataOp) => boolean = () => false,
): FolderNode {
  return copyTree(root, {
    content(file) {
      const content = file.durable.clone();
      for (const op of file.pending) if (!rewrite(content, op) && survives(op)) applyData(content, op);
      return content;
    },
    entries(folder) {
      const entries = new Map(folder.durable);
      for (const op of folder.pending) if (survives(op)) applyEntry(entries, op);
      return entries;
    },
    keepPending: false,
  });
}

interface CopyPlan {
  content(file: FileNode): Bytes;
  /** Same as the content when left out. */
  durable?(file: FileNode): Bytes;
  entries(folder: FolderNode): Map<string, Node>;
  keepPending: boolean;
}

function copyTree(root: FolderNode, plan: CopyPlan): FolderNode {
  const copies = new Map<Node, Node>();
  const copyOf = (node: Node): Node => {
    const known = copies.get(node);
    if (known !== undefined) return known;
    if (node.kind === 'folder') return copyFolder(node);
    const copy: Node = node.kind === 'link' ? node : newFile(node.ino, node.mtimeMs, plan.content(node));
    copies.set(node, copy);
    if (copy.kind === 'file' && node.kind === 'file') {
      copy.mode = node.mode;
      if (plan.durable) copy.durable = plan.durable(node);
      if (plan.keepPending) copy.pending = [...node.pending];
    }
    return copy;
  };
  const mapped = (entries: Map<string, Node>): Map<string, Node> =>
    new Map([...entries].map(([name, node]) => [name, copyOf(node)]));
  const copyFolder = (node: FolderNode): FolderNode => {
    const copy = newFolder(node.ino, node.mtimeMs);
    copies.set(node, copy);
    copy.mode = node.mode;
    copy.now = mapped(plan.entries(node));
    copy.durable = plan.keepPending ? mapped(node.durable) : new Map(copy.now);
    if (plan.keepPending) {
      copy.pending = node.pending.map((op) => (op.kind === 'remove' ? op : { ...op, node: copyOf(op.node) }));
    }
    for (const entry of copy.now.values()) if (entry.kind === 'file') entry.links++;
    return copy;
  };
  return copyFolder(root);
}

/** Path -> what is there as the process sees it: bytes of a file, '->target' of a link, 'folder'. Sorted by path. */
export function treeOf(root: FolderNode, path = '/'): Map<string, Uint8Array | string> {
  const found = new Map<string, Uint8Array | string>();
  const start = resolve(root, 'stat', path, true).node;
  const walk = (folder: FolderNode, prefix: string): void => {
    for (const name of [...folder.now.keys()].sort()) {
      const node = folder.now.get(name);
      if (node?.kind === 'file') found.set(prefix + name, node.now.view().slice());
      else if (node?.kind === 'link') found.set(prefix + name, `->${node.target}`);
      else if (node !== undefined) {
        found.set(prefix + name, 'folder');
        walk(node, `${prefix}${name}/`);
      }
    }
  };
  if (start?.kind === 'folder') walk(start, path.endsWith('/') ? path : `${path}/`);
  return found;
}

/** Equal hashes: the same names and bytes as the process sees them. */
export function hashTree(root: FolderNode): string {
  const hash = createHash('sha1');
  for (const [path, what] of treeOf(root)) {
    hash.update(`${path}\0${typeof what === 'string' ? what : what.length}\0`);
    if (typeof what !== 'string') hash.update(what);
  }
  return hash.digest('hex');
}

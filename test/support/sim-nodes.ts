/**
 * What the simulated disk is made of. Every file and folder exists twice: as the running process sees it (`now`), and
 * as the platter holds it (`durable`); `pending` are the operations between the two, any subset of which may survive
 * a power loss.
 */

/**
 * Growable bytes; what lies beyond `size` is always zero, so growing reads as zeros. Clones share memory until one of
 * them changes.
 */
export class Bytes {
  #data: Uint8Array;
  #shared = false;
  size: number;

  constructor(initial: Uint8Array = new Uint8Array(0)) {
    this.#data = initial.slice();
    this.size = initial.length;
  }

  write(offset: number, bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#own(offset + bytes.length);
    this.#data.set(bytes, offset);
    this.size = Math.max(this.size, offset + bytes.length);
  }

  truncate(size: number): void {
    this.#own(size);
    if (size < this.size) this.#data.fill(0, size, this.size);
    this.size = size;
  }

  /** The bytes themselves, not a copy: valid until the next change. */
  view(): Uint8Array {
    return this.#data.subarray(0, this.size);
  }

  clone(): Bytes {
    const copy = new Bytes();
    copy.#data = this.#data;
    copy.size = this.size;
    copy.#shared = true;
    this.#shared = true;
    return copy;
  }

  /** Room for `size` bytes in memory that nobody shares. */
  #own(size: number): void {
    if (size <= this.#data.length && !this.#shared) return;
    const room = size <= this.#data.length ? this.#data.length : Math.max(size, this.#data.length * 2, 256);
    const own = new Uint8Array(room);
    own.set(this.view());
    this.#data = own;
    this.#shared = false;
  }
}

/** One un-synced change of a file's content. `id` orders all pending operations of a file system. */
export type DataOp =
  | { readonly id: number; readonly kind: 'write'; readonly offset: number; readonly bytes: Uint8Array }
  | { readonly id: number; readonly kind: 'truncate'; readonly size: number };

/**
 * One un-synced change of a folder's entries. A rename inside one folder is atomic; across two it is a `set` and a
 * `remove`.
 */
export type EntryOp =
  | { readonly id: number; readonly kind: 'set'; readonly name: string; readonly node: Node }
  | { readonly id: number; readonly kind: 'remove'; readonly name: string }
  | { readonly id: number; readonly kind: 'move'; readonly from: string; readonly to: string; readonly node: Node };

export interface HeldLock {
  /** The open file description. */
  readonly owner: object;
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
}

export interface FileNode {
  readonly kind: 'file';
  readonly ino: number;
  mode: number;
  mtimeMs: number;
  /** Names that lead here now. */
  links: number;
  now: Bytes;
  durable: Bytes;
  pending: DataOp[];
  locks: HeldLock[];
}

export interface FolderNode {
  readonly kind: 'folder';
  readonly ino: number;
  mode: number;
  mtimeMs: number;
  now: Map<string, Node>;
  durable: Map<string, Node>;
  pending: EntryOp[];
}

export interface LinkNode {
  readonly kind: 'link';
  readonly ino: number;
  mtimeMs: number;
  readonly target: string;
}

export type Node = FileNode | FolderNode | LinkNode;

export function newFile(ino: number, mtimeMs: number, content: Bytes = new Bytes()): FileNode {
  return {
    kind: 'file',
    ino,
    mode: 0o600,
    mtimeMs,
    links: 0,
    now: content,
    durable: content.clone(),
    pending: [],
    locks: [],
  };
}

export function newFolder(ino: number, mtimeMs: number): FolderNode {
  return { kind: 'folder', ino, mode: 0o700, mtimeMs, now: new Map(), durable: new Map(), pending: [] };
}

export function applyData(content: Bytes, op: DataOp): void {
  if (op.kind === 'write') content.write(op.offset, op.bytes);
  else content.truncate(op.size);
}

export function applyEntry(entries: Map<string, Node>, op: EntryOp): void {
  if (op.kind === 'set') entries.set(op.name, op.node);
  else if (op.kind === 'remove') entries.delete(op.name);
  else {
    entries.delete(op.from);
    entries.set(op.to, op.node);
  }
}

/** Everything that is reachable now, or was, or may be again after a power loss. Folders come before what they hold. */
export function nodesUnder(root: FolderNode): Set<Node> {
  const found = new Set<Node>([root]);
  for (const node of found) {
    if (node.kind !== 'folder') continue;
    for (const entry of node.durable.values()) found.add(entry);
    for (const op of node.pending) if (op.kind !== 'remove') found.add(op.node);
    for (const entry of node.now.values()) found.add(entry);
  }
  return found;
}

const errnoNumbers: Record<string, [number, string]> = {
  EPERM: [1, 'operation not permitted'],
  ENOENT: [2, 'no such file or directory'],
  EIO: [5, 'i/o error'],
  EBADF: [9, 'bad file descriptor'],
  EACCES: [13, 'permission denied'],
  EEXIST: [17, 'file already exists'],
  ENOTDIR: [20, 'not a directory'],
  EISDIR: [21, 'illegal operation on a directory'],
  EINVAL: [22, 'invalid argument'],
  EMFILE: [24, 'too many open files'],
  ENOSPC: [28, 'no space left on device'],
  EROFS: [30, 'read-only file system'],
  ENOTEMPTY: [39, 'directory not empty'],
  ELOOP: [40, 'too many symbolic links encountered'],
};

/** An error shaped like Node's own. */
export function errnoError(code: string, syscall: string, path: string): Error {
  const [number, text] = errnoNumbers[code] ?? [255, 'unknown error'];
  return Object.assign(new Error(`${code}: ${text}, ${syscall} '${path}'`), { code, errno: -number, syscall, path });
}

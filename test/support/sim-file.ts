import type { File, FileInfo, OpenMode } from '../../src/fs/types.ts';
import { type DataOp, errnoError, type FileNode, type FolderNode, type Node } from './sim-nodes.ts';
import type { Fault, OpInfo, SyncFailure } from './sim-ops.ts';

/** What an open file asks of its disk: numbers, faults, and what is pending. */
export interface SimDisk {
  call<T>(info: OpInfo, effect: (limit: number) => T, failing?: (fault: Fault) => void): Promise<T>;
  callSync<T>(info: OpInfo, effect: (limit: number) => T, failing?: (fault: Fault) => void): T;
  pendingId(): number;
  pendingMax(): number;
  syncNode(node: FileNode | FolderNode, covered: number, failure?: SyncFailure): void;
  touch(node: FileNode | FolderNode): void;
}

/** One open file description. It keeps its file alive after an unlink and owns the locks taken through it. */
export class SimFile implements File {
  readonly #disk: SimDisk;
  readonly #node: FileNode | FolderNode;
  readonly #path: string;
  readonly #mode: OpenMode;
  #open = true;

  constructor(disk: SimDisk, node: FileNode | FolderNode, path: string, mode: OpenMode) {
    this.#disk = disk;
    this.#node = node;
    this.#path = path;
    this.#mode = mode;
  }

  read(buffer: Uint8Array, position: number): Promise<number> {
    return this.#disk.call({ ...this.#info('read'), offset: position, length: buffer.length }, (limit) => {
      const content = this.#file('read').now.view();
      const found = content.subarray(position, position + Math.min(buffer.length, limit));
      buffer.set(found);
      return found.length;
    });
  }

  async write(buffer: Uint8Array, position: number): Promise<number> {
    const bytes = buffer.slice();
    return this.#disk.call({ ...this.#info('write'), offset: position, length: bytes.length, bytes }, (limit) =>
      this.#write(bytes, position, limit),
    );
  }
  writeSync(buffer: Uint8Array, position: number): number {
    const bytes = buffer.slice();
    return this.#disk.callSync({ ...this.#info('write'), offset: position, length: bytes.length, bytes }, (limit) =>
      this.#write(bytes, position, limit),
    );
  }
  #write(all: Uint8Array, offset: number, limit: number): number {
    const node = this.#file('write', 'EBADF');
    const bytes = all.subarray(0, limit);
    if (bytes.length === 0) return 0;
    node.now.write(offset, bytes);
    this.#changed(node, { id: this.#disk.pendingId(), kind: 'write', offset, bytes });
    return bytes.length;
  }

  datasync(): Promise<void> {
    const covered = this.#disk.pendingMax();
    return this.#disk.call(
      this.#info('datasync'),
      () => this.#disk.syncNode(this.#alive('fdatasync'), covered),
      (fault) => this.#disk.syncNode(this.#alive('fdatasync'), covered, fault.sync ?? 'kept'),
    );
  }

  datasyncSync(): void {
    const covered = this.#disk.pendingMax();
    this.#disk.callSync(
      this.#info('datasync'),
      () => this.#disk.syncNode(this.#alive('fdatasync'), covered),
      (fault) => this.#disk.syncNode(this.#alive('fdatasync'), covered, fault.sync ?? 'kept'),
    );
  }

  truncate(size: number): Promise<void> {
    return this.#disk.call({ ...this.#info('truncate'), offset: size }, () => {
      const node = this.#file('ftruncate', 'EINVAL');
      if (node.now.size === size) return;
      node.now.truncate(size);
      this.#changed(node, { id: this.#disk.pendingId(), kind: 'truncate', size });
    });
  }
  #changed(node: FileNode, op: DataOp): void {
    node.pending.push(op);
    this.#disk.touch(node);
  }

  size(): Promise<number> {
    return this.#disk.call(this.#info('size'), () => infoOf(this.#alive('fstat')).size);
  }
  info(): Promise<FileInfo> {
    return this.#disk.call(this.#info('info'), () => infoOf(this.#alive('fstat')));
  }

  tryLock(offset: number, length: number): Promise<boolean> {
    return this.#disk.call({ ...this.#info('tryLock'), offset, length }, () => {
      const node = this.#file('fcntl', 'EBADF');
      const to = length === 0 ? Number.POSITIVE_INFINITY : offset + length;
      const others = node.locks.filter((lock) => lock.owner !== this);
      if (others.some((lock) => lock.from < to && offset < lock.to)) return false;
      node.locks.push({ owner: this, from: offset, to });
      return true;
    });
  }

  /** A failing close still closes, as on Linux. */
  close(): Promise<void> {
    const shut = (): void => {
      const node = this.#alive('close');
      if (node.kind === 'file') node.locks = node.locks.filter((lock) => lock.owner !== this);
      this.#open = false;
    };
    return this.#disk.call(this.#info('close'), shut, shut);
  }

  #info<K extends string>(kind: K): { kind: K; path: string; ino: number } {
    return { kind, path: this.#path, ino: this.#node.ino };
  }
  #alive(syscall: string): FileNode | FolderNode {
    if (!this.#open) throw errnoError('EBADF', syscall, this.#path);
    return this.#node;
  }
  /** The file behind this handle; a folder gives EISDIR, a handle opened for reading `readOnly`. */
  #file(syscall: string, readOnly?: string): FileNode {
    const node = this.#alive(syscall);
    if (this.#mode === 'r' && readOnly !== undefined) throw errnoError(readOnly, syscall, this.#path);
    if (node.kind === 'folder') throw errnoError('EISDIR', syscall, this.#path);
    return node;
  }
}

export function infoOf(node: Node): FileInfo {
  const size = node.kind === 'file' ? node.now.size : node.kind === 'link' ? node.target.length : 4096;
  return { kind: node.kind, size, mtimeMs: node.mtimeMs, ino: node.ino, dev: 1 };
}

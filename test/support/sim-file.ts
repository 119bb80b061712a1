import type { File, FileInfo, OpenMode } from '../../src/fs/types.ts';
import type { SimFs } from './sim-fs.ts';
import { type DataOp, errnoError, type FileNode, type FolderNode, type Node } from './sim-nodes.ts';

/** One open file description. It keeps its file alive after an unlink and owns the locks taken through it. */
export class SimFile implements File {
  readonly #fs: SimFs;
  readonly #node: FileNode | FolderNode;
  readonly #path: string;
  readonly #mode: OpenMode;
  #open = true;

  constructor(fs: SimFs, node: FileNode | FolderNode, path: string, mode: OpenMode) {
    this.#fs = fs;
    this.#node = node;
    this.#path = path;
    this.#mode = mode;
  }

  read(buffer: Uint8Array, position: number): Promise<number> {
    return this.#fs.call({ ...this.#info('read'), offset: position, length: buffer.length }, (limit) => {
      const content = this.#file('read').now.view();
      const found = content.subarray(position, position + Math.min(buffer.length, limit));
      buffer.set(found);
      return found.length;
    });
  }

  async write(buffer: Uint8Array, position: number): Promise<number> {
    const bytes = buffer.slice();
    return this.#fs.call({ ...this.#info('write'), offset: position, length: bytes.length, bytes }, (limit) =>
      this.#write(bytes, position, limit),
    );
  }
  writeSync(buffer: Uint8Array, position: number): number {
    const bytes = buffer.slice();
    return this.#fs.callSync({ ...this.#info('write'), offset: position, length: bytes.length, bytes }, (limit) =>
      this.#write(bytes, position, limit),
    );
  }
  #write(all: Uint8Array, offset: number, limit: number): number {
    const node = this.#file('write', 'EBADF');
    const bytes = all.subarray(0, limit);
    if (bytes.length === 0) return 0;
    node.now.write(offset, bytes);
    this.#changed(node, { id: this.#fs.pendingId(), kind: 'write', offset, bytes });
    return bytes.length;
  }

  datasync(): Promise<void> {
    const covered = this.#fs.pendingMax();
    return this.#fs.call(
      this.#info('datasync'),
      () => this.#fs.syncNode(this.#alive('fdatasync'), covered),
      (fault) => this.#fs.syncNode(this.#alive('fdatasync'), covered, fault.sync ?? 'kept'),
    );
  }

  datasyncSync(): void {
    const covered = this.#fs.pendingMax();
    this.#fs.callSync(
      this.#info('datasync'),
      () => this.#fs.syncNode(this.#alive('fdatasync'), covered),
      (fault) => this.#fs.syncNode(this.#alive('fdatasync'), covered, fault.sync ?? 'kept'),
    );
  }

  truncate(size: number): Promise<void> {
    return this.#fs.call({ ...this.#info('truncate'), offset: size }, () => {
      const node = this.#file('ftruncate', 'EINVAL');
      if (node.now.size === size) return;
      node.now.truncate(size);
      this.#changed(node, { id: this.#fs.pendingId(), kind: 'truncate', size });
    });
  }
  #changed(node: FileNode, op: DataOp): void {
    node.pending.push(op);
    this.#fs.touch(node);
  }

  size(): Promise<number> {
    return this.#fs.call(this.#info('size'), () => infoOf(this.#alive('fstat')).size);
  }
  info(): Promise<FileInfo> {
    return this.#fs.call(this.#info('info'), () => infoOf(this.#alive('fstat')));
  }

  tryLock(offset: number, length: number): Promise<boolean> {
    return this.#fs.call({ ...this.#info('tryLock'), offset, length }, () => {
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
    return this.#fs.call(this.#info('close'), shut, shut);
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

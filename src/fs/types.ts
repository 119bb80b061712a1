/**
 * The narrow file system interface. Everything above `src/fs` sees files only through it, so the same code runs on
 * the real disk (`node-fs.ts`) and on the simulated one of the tests, which can lose, tear and refuse every
 * operation.
 *
 * Errors: every method rejects (or throws) an `FsError` that carries the errno name in `code` ('ENOSPC', 'EIO', ...).
 * Paths are plain strings joined with '/'.
 */
export interface FileSystem {
  /** Other processes of this machine see the same files under the same paths. Absent of a disk that is made up. */
  readonly real?: boolean;
  /**
   * 'r' reads, 'r+' reads and writes an existing file, 'wx' creates a new file (mode 0600; EEXIST if it is there).
   * Symbolic links are not followed when `nofollow` is set (ELOOP).
   */
  open(path: string, mode: OpenMode, options?: { nofollow?: boolean }): Promise<File>;
  /** Creates one folder, mode 0700. EEXIST if it is there. */
  mkdir(path: string): Promise<void>;
  /** Names in a folder, sorted. ENOENT / ENOTDIR. */
  readdir(path: string): Promise<string[]>;
  /** Does not follow a final symbolic link. `undefined` when nothing is there; any other failure rejects. */
  lstat(path: string): Promise<FileInfo | undefined>;
  /** Follows links. `undefined` when nothing is there; any other failure rejects. */
  stat(path: string): Promise<FileInfo | undefined>;
  rename(from: string, to: string): Promise<void>;
  /** Hard link `to` -> the file at `from`. */
  link(from: string, to: string): Promise<void>;
  unlink(path: string): Promise<void>;
  /** Removes an empty folder. */
  rmdir(path: string): Promise<void>;
  /** Makes creates, renames and unlinks inside this folder durable. */
  syncDir(path: string): Promise<void>;
}

export type OpenMode = 'r' | 'r+' | 'wx';

export interface FileInfo {
  kind: 'file' | 'folder' | 'link' | 'other';
  /** Bytes. */
  size: number;
  /** Milliseconds since the epoch. */
  mtimeMs: number;
  /** Inode and device, to tell whether two looks saw the same file. */
  ino: number;
  dev: number;
}

export interface File {
  /**
   * Reads up to `buffer.length` bytes at `position`; fewer only at the end of the file or on a short read; 0 at the
   * end.
   */
  read(buffer: Uint8Array, position: number): Promise<number>;
  /** Positional write; may be short. Returns bytes written. Never appends. */
  write(buffer: Uint8Array, position: number): Promise<number>;
  /**
   * The same on the calling thread: a small write into the page cache costs less than a trip through the thread pool.
   */
  writeSync(buffer: Uint8Array, position: number): number;
  /** Data and size on the platter (fdatasync). */
  datasync(): Promise<void>;
  /** The same on the calling thread, which stands still meanwhile: only where the disk is known to be quick. */
  datasyncSync(): void;
  /** Cuts or extends (with zeros) to `size` bytes. */
  truncate(size: number): Promise<void>;
  /** Size in bytes, asked afresh. */
  size(): Promise<number>;
  info(): Promise<FileInfo>;
  /**
   * Advisory exclusive lock of this open file description on a byte range; false if another one holds it. The kernel
   * frees it when the file is closed or the process dies. Rejects with E_LOCK_UNSUPPORTED where the native addon has
   * no binary.
   */
  tryLock(offset: number, length: number): Promise<boolean>;
  close(): Promise<void>;
}

import { removeTempTree } from '../fs/temp.ts';
import type { File, FileInfo, FileSystem, OpenMode } from '../fs/types.ts';

/** Hears of bytes as they are read and written. */
export interface ByteMeter {
  /** So many bytes more, or fewer, than thought are to be read. */
  expect(bytes: number): void;
  read(bytes: number): void;
  wrote(bytes: number): void;
}

/** Names that a file or folder has until it is complete: what an interrupted command leaves of them is of no use. */
const unfinished = /\.(tmp|importing|salvaging|unfinished)$/;

const settleMs = 500;

/**
 * A file system that tells how far the work has come, and that can be stopped: then nothing more happens on it, what is
 * under way comes to its end, and what was begun under a name for unfinished things goes again.
 */
export class WatchedFs implements FileSystem {
  readonly real: boolean;
  readonly #fs: FileSystem;
  readonly #meter: ByteMeter;
  readonly #begun = new Set<string>();
  #running = 0;
  #stopped = false;

  constructor(fs: FileSystem, meter: ByteMeter) {
    this.#fs = fs;
    this.real = fs.real === true;
    this.#meter = meter;
  }

  /** Ends the work on it: for a command that is interrupted, right before the process ends. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (let waited = 0; this.#running > 0 && waited < settleMs; waited += 5) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    // The innermost first: a folder goes with all that is in it.
    for (const path of [...this.#begun].reverse()) await removeTempTree(path).catch(() => undefined);
  }

  open(path: string, mode: OpenMode, options?: { nofollow?: boolean }): Promise<File> {
    return this.#run(async () => {
      const file = await this.#making(mode === 'wx' ? path : undefined, () => this.#fs.open(path, mode, options));
      return new WatchedFile(file, this.#meter, (call) => this.#run(call));
    });
  }

  mkdir(path: string): Promise<void> {
    return this.#run(() => this.#making(path, () => this.#fs.mkdir(path)));
  }

  rename(from: string, to: string): Promise<void> {
    return this.#run(async () => {
      await this.#fs.rename(from, to);
      this.#begun.delete(from);
    });
  }

  link(from: string, to: string): Promise<void> {
    return this.#run(() => this.#making(to, () => this.#fs.link(from, to)));
  }

  unlink(path: string): Promise<void> {
    return this.#run(() => this.#taking(path, () => this.#fs.unlink(path)));
  }

  rmdir(path: string): Promise<void> {
    return this.#run(() => this.#taking(path, () => this.#fs.rmdir(path)));
  }

  readdir(path: string): Promise<string[]> {
    return this.#run(() => this.#fs.readdir(path));
  }

  lstat(path: string): Promise<FileInfo | undefined> {
    return this.#run(() => this.#fs.lstat(path));
  }

  stat(path: string): Promise<FileInfo | undefined> {
    return this.#run(() => this.#fs.stat(path));
  }

  syncDir(path: string): Promise<void> {
    return this.#run(() => this.#fs.syncDir(path));
  }

  async #making<T>(path: string | undefined, make: () => Promise<T>): Promise<T> {
    const made = await make();
    if (path !== undefined && unfinished.test(path)) this.#begun.add(path);
    return made;
  }

  async #taking(path: string, take: () => Promise<void>): Promise<void> {
    await take();
    this.#begun.delete(path);
  }

  async #run<T>(call: () => Promise<T>): Promise<T> {
    // The process ends; nobody waits for this any more.
    if (this.#stopped) return await new Promise<never>(() => {});
    this.#running++;
    try {
      return await call();
    } finally {
      this.#running--;
    }
  }
}

class WatchedFile implements File {
  readonly #file: File;
  readonly #meter: ByteMeter;
  readonly #run: <T>(call: () => Promise<T>) => Promise<T>;
  /** As it was said; what a second look says of the same file does not count again. */
  #size = 0;
  /** Read up to here. What is read twice is work done once. */
  #end = 0;

  constructor(file: File, meter: ByteMeter, run: <T>(call: () => Promise<T>) => Promise<T>) {
    this.#file = file;
    this.#meter = meter;
    this.#run = run;
  }

  read(buffer: Uint8Array, position: number): Promise<number> {
    return this.#run(async () => {
      const bytes = await this.#file.read(buffer, position);
      const end = position + bytes;
      if (end > this.#end) {
        // What lies beyond the size that was said was not expected, nor was a part that is passed over.
        this.#sized(Math.max(this.#size, end));
        this.#meter.read(end - this.#end);
        this.#end = end;
      }
      return bytes;
    });
  }

  write(buffer: Uint8Array, position: number): Promise<number> {
    return this.#run(async () => {
      const bytes = await this.#file.write(buffer, position);
      this.#meter.wrote(bytes);
      return bytes;
    });
  }

  writeSync(buffer: Uint8Array, position: number): number {
    const bytes = this.#file.writeSync(buffer, position);
    this.#meter.wrote(bytes);
    return bytes;
  }

  datasync(): Promise<void> {
    return this.#run(() => this.#file.datasync());
  }

  datasyncSync(): void {
    this.#file.datasyncSync();
  }

  truncate(size: number): Promise<void> {
    return this.#run(() => this.#file.truncate(size));
  }

  size(): Promise<number> {
    return this.#run(async () => this.#sized(await this.#file.size()));
  }

  info(): Promise<FileInfo> {
    return this.#run(async () => {
      const info = await this.#file.info();
      if (info.kind === 'file') this.#sized(info.size);
      return info;
    });
  }

  tryLock(offset: number, length: number): Promise<boolean> {
    return this.#file.tryLock(offset, length);
  }

  close(): Promise<void> {
    // Of a file that was only looked into, the rest is not to come.
    this.#sized(this.#end);
    return this.#file.close();
  }

  #sized(size: number): number {
    this.#meter.expect(size - this.#size);
    this.#size = size;
    return size;
  }
}

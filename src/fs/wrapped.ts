import type { File, FileSystem } from './types.ts';

/** The same file system, and files of it, of which one thing is done in another way. */

export function withOpen(fs: FileSystem, open: FileSystem['open']): FileSystem {
  return {
    open,
    mkdir: (path) => fs.mkdir(path),
    readdir: (path) => fs.readdir(path),
    lstat: (path) => fs.lstat(path),
    stat: (path) => fs.stat(path),
    rename: (from, to) => fs.rename(from, to),
    link: (from, to) => fs.link(from, to),
    unlink: (path) => fs.unlink(path),
    rmdir: (path) => fs.rmdir(path),
    syncDir: (path) => fs.syncDir(path),
  };
}

export function withRead(file: File, read: File['read']): File {
  return {
    read,
    write: (buffer, position) => file.write(buffer, position),
    writeSync: (buffer, position) => file.writeSync(buffer, position),
    datasync: () => file.datasync(),
    datasyncSync: () => file.datasyncSync(),
    truncate: (size) => file.truncate(size),
    size: () => file.size(),
    info: () => file.info(),
    tryLock: (offset, length) => file.tryLock(offset, length),
    close: () => file.close(),
  };
}

export function withSize(file: File, size: number): File {
  return {
    ...withRead(file, (buffer, position) => file.read(buffer, position)),
    size: async () => size,
    info: async () => ({ ...(await file.info()), size }),
  };
}

/** Errors of the system in words that a tired person understands. */
const reasons: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'operation not permitted',
  ENOENT: 'no such file or folder',
  ENOTDIR: 'a part of the path is not a folder',
  EISDIR: 'is a folder',
  EEXIST: 'is there already',
  ENOSPC: 'no space left on the device',
  EDQUOT: 'the disk quota is used up',
  EROFS: 'the file system is read-only',
  EIO: 'the device reports an input/output error',
  EMFILE: 'too many open files',
  ENFILE: 'too many open files on this machine',
  ELOOP: 'a symbolic link where none may be',
  ENAMETOOLONG: 'the name is too long',
  EFBIG: 'larger than a file may be here; see ulimit -f',
  EINVAL: 'the system does not do that with such a file',
  ENOLCK: 'the file system offers no locks',
  ESTALE: 'the network file system has lost the file',
};

/** `permission denied (EACCES)`; for an errno without words `otherwise`, or the bare errno. */
export function errnoText(errno: string, otherwise?: string): string {
  const reason = reasons[errno];
  return reason === undefined ? (otherwise ?? errno) : `${reason} (${errno})`;
}

/** What the user can do about it, if anything. */
export function errnoNext(errno: string): { next?: string } {
  if (errno === 'EACCES' || errno === 'EPERM') return { next: 'run as the user who owns the files' };
  if (errno === 'ENOSPC' || errno === 'EDQUOT') return { next: 'make room on the disk, then run the command again' };
  if (errno === 'EMFILE')
    return { next: 'allow more open files (ulimit -n): a reader holds each segment of the log open' };
  return {};
}

/** The same where the user named the place to write to, and may name another one. */
export function placeNext(errno: string): string {
  if (errno === 'ENOSPC' || errno === 'EDQUOT') return 'make room on that disk, or name a place on another one';
  return 'name a place that you may write to';
}

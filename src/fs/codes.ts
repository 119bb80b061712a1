import type { CodeCatalogue } from '../base/errors.ts';

/** What the operating system and its files can refuse. */
export const fsCodes = {
  E_READ: {
    title: 'cannot read',
    explain:
      'The operating system refused to read a file (permissions, a failing disk, too many open files). This says nothing about the data in it. Of a disk that fails (EIO), a salvage makes a new store of all that can still be read, and names what cannot.',
    next: 'Remove the cause and try again; for EIO: walq wal repair STORE --mode salvage --to NEWSTORE, on another disk',
  },
  E_IO: {
    title: 'I/O error',
    explain:
      'The operating system refused an operation on a file; the message names the file and the reason. walq assumes nothing about the data.',
    next: 'Remove the cause and try again.',
  },
  E_NO_SPACE: {
    title: 'no space left',
    explain:
      'The disk is full. The batch was cut back and rejected before anything was acknowledged; the store is unharmed and still open.',
    next: 'Free some space and try again.',
  },
  E_LOCK_UNSUPPORTED: {
    title: 'no file locks on this platform',
    explain:
      'The package for file locks has no binary for this platform, and writing without a lock would put the data at risk. Reading works.',
    next: 'Write on a platform with a binary (Linux, macOS or Windows, on x64 or arm64).',
  },
  E_RUN_FOLDER: {
    title: 'the run folder of the store cannot be trusted',
    explain:
      "The control socket lies in the store's run folder, or, where that cannot be closed to others or holds no sockets, in a folder of yours in /tmp. It must be a real folder, belong to you, and be closed to everybody else (mode 0700); otherwise another user could listen there and be handed jobs. Nothing was sent.",
    next: 'Run the command as the owner of the store, or: chmod 700 STORE/run',
  },
} satisfies CodeCatalogue;

import type { CodeCatalogue } from '../../base/errors.ts';

const nothingLost =
  'Nothing is lost by it as long as an older snapshot verifies and the log after that one is there: recovery then uses those.';
const replaceIt =
  'walq wal verify STORE shows whether the log and the older snapshots are good; then walq snapshot create STORE writes a new one. ' +
  'Once two newer good ones are there, walq snapshot prune STORE removes the bad one; a running queue does both by itself.';

/** What `walq help E_CODE` says about snapshots. E_READ and E_NEWER_FORMAT belong to the whole storage layer. */
export const snapshotCodes = {
  E_SNAPSHOT_EMPTY: {
    title: 'a snapshot file is empty',
    explain: `The file has no bytes. A power loss can leave this where a disk makes a rename durable before the data. ${nothingLost}`,
    next: replaceIt,
  },
  E_SNAPSHOT_HEADER: {
    title: 'the header of a snapshot is damaged',
    explain: `The first 76 bytes fail their checksum or hold values that no writer writes: the file is damaged, or no snapshot at all. ${nothingLost}`,
    next: replaceIt,
  },
  E_SNAPSHOT_BLOCK: {
    title: 'a block of a snapshot is damaged',
    explain: `A block's header or its bytes fail their checksum, or do not hold the entries they claim. ${nothingLost}`,
    next: replaceIt,
  },
  E_SNAPSHOT_FOOTER: {
    title: 'the footer of a snapshot is damaged',
    explain: `The last 100 bytes fail their checksum, or their totals differ from what was read. ${nothingLost}`,
    next: replaceIt,
  },
  E_SNAPSHOT_HASH: {
    title: 'a snapshot fails its SHA-256',
    explain: `Each part is sound by itself, but the whole is not what was written: blocks were changed together with their checksums. ${nothingLost}`,
    next: replaceIt,
  },
  E_SNAPSHOT_CUT: {
    title: 'a snapshot file is cut off',
    explain: `The file ends before its footer does: a copy that was interrupted, or a disk that lost the end. ${nothingLost}`,
    next: replaceIt,
  },
  E_SNAPSHOT_TRAILING: {
    title: 'bytes follow the end of a snapshot',
    explain: `A snapshot ends with its footer. What follows was added by something else, so the file is not trusted. ${nothingLost}`,
    next: replaceIt,
  },
  E_SNAPSHOT_NAME: {
    title: 'the name of a snapshot does not fit its content',
    explain: `The name carries the last seq covered, and the header says another: the file was renamed, or another was copied over it. ${nothingLost}`,
    next: 'Give the file the name that its header asks for (walq snapshot show FILE), or move it out of the store.',
  },
  E_SNAPSHOT_STORE: {
    title: 'a snapshot belongs to another store',
    explain: `The store id in its header is not the id of this store, so its state says nothing about this log. ${nothingLost}`,
    next: 'Move the file out of the store; it still works where it came from.',
  },
  E_SNAPSHOT_WRITE: {
    title: 'a snapshot could not be written',
    explain:
      'Creating, writing, syncing, reading back or renaming the new snapshot failed. The log and the older snapshots are untouched, nothing was removed, and the queue goes on. Recovery takes longer until a snapshot succeeds.',
    next: 'Remove the cause (a full disk, permissions), then run walq snapshot create STORE.',
  },
  E_SNAPSHOT_ENTRY: {
    title: 'one entry of the state is too large for a snapshot',
    explain:
      'One entry of the state, such as a job, takes more than 32 MiB. No snapshot is written; the log and the older snapshots are untouched.',
    next: 'Remove that job (walq queue rm ID), or keep its data in a file and put the path into the payload.',
  },
} satisfies CodeCatalogue;

import type { CodeCatalogue } from '../base/errors.ts';

const verify = 'walq wal verify STORE shows every fault; walq wal repair STORE says what it can mend.';
const keep = 'Copy the store somewhere safe first. ';

/** What opening, writing, reading and repairing a store can answer, beside what is wrong with a log or a snapshot in itself. */
export const storageCodes = {
  E_NO_STORE: {
    title: 'no store there',
    explain: 'There is no walq store at this path. Commands that only read never create one.',
    next: 'Name the store with a path, --store or WALQ_STORE; walq queue enqueue creates one.',
  },
  E_NOT_A_FILE: {
    title: 'no file stands where one should be',
    explain:
      'Where a segment, a snapshot or HEAD should be stands a folder, a link that leads nowhere, a pipe or the like: somebody put it there, or a repair of the file system did. Nothing of the file is there, so it counts as missing.',
    next: 'Move it out of the way, and put the right file there if a copy exists. walq wal repair STORE --mode salvage --to NEWSTORE goes on without it.',
  },
  E_NOT_A_STORE: {
    title: 'folder is not a store',
    explain: 'The folder holds other files and no STORE.json. walq creates a store only in an empty or missing folder.',
    next: 'Choose another folder.',
  },
  E_FOREIGN_FILE: {
    title: 'unknown file in the store',
    explain: 'No file of a store has a name of this form. walq leaves the file alone.',
    next: 'Nothing, or move it away.',
  },
  E_NEWER_FORMAT: {
    title: 'newer format',
    explain: 'The file is whole, but its format needs a newer walq.',
    next: 'Use a newer walq on this file.',
  },
  E_HEAD_SLOT: {
    title: 'a part of HEAD is damaged',
    explain:
      'A part of HEAD fails its checksum. Nothing is lost: HEAD only adds evidence. Without it, a log that was cut off exactly after a frame cannot be told from one that ended there.',
    next: 'Nothing. The next writer writes it again.',
  },
  E_HEAD_MISSING: {
    title: 'no HEAD file',
    explain:
      'The file that records how far the log is durable is not there. Nothing is lost: it only adds evidence. Without it, a log that was cut off exactly after a frame cannot be told from one that ended there.',
    next: 'Nothing. The next writer writes it again.',
  },
  E_NO_BASE: {
    title: 'no base',
    explain: 'The log begins after seq 1, and no good snapshot covers what came before: the state cannot be built.',
    next: `Put the missing snapshot or the earlier segments back. walq wal verify STORE shows every fault.`,
  },
  E_DISPLACED: {
    title: 'frames stand elsewhere than they were written',
    explain:
      'Each frame states its own place in the file, under the checksum of its segment. These are sound and stand elsewhere: somebody put bytes into the file before them or took some out, as an editor or a transfer in text mode does. They can be read, and are not counted as lost.',
    next: 'Copy the store somewhere safe first. walq wal repair STORE --mode salvage --to NEWSTORE reads them where they were written.',
  },
  E_STORE_MISSING: {
    title: 'STORE.json missing',
    explain:
      'The folder holds segments but no STORE.json. Nothing of the log is lost: every segment header holds the store id, and so do HEAD and the snapshots.',
    next: 'Put STORE.json back from a copy, or: walq wal repair STORE --apply rebuilds it.',
  },
  E_STORE_BAD: {
    title: 'STORE.json damaged',
    explain:
      'STORE.json fails its checksum, or belongs to another store than HEAD and every segment. Nothing of the log is lost: every segment header holds the store id, and so do HEAD and the snapshots.',
    next: 'Put STORE.json back from a copy, or: walq wal repair STORE --apply rebuilds it.',
  },
  E_GUTTED: {
    title: 'store without a log',
    explain:
      'STORE.json or snapshots are there, but no segment: the log was removed. This is not an empty store, and walq does not start a new log in it.',
    next: 'Put wal/ back from a copy. If a good snapshot is left, walq wal repair STORE --mode salvage --to NEWSTORE makes a store with the state of the newest one and reports what came after it; the history before it is gone. If you really want to start anew, move the folder away.',
  },
  E_NOT_FRAME_END: {
    title: 'no operation ends there',
    explain:
      'Events that were written as one operation stand or fall together, and this seq is in the middle of one: a log cannot be cut there in place.',
    next: 'Cut where the message says, or into a new store with --to.',
  },
  E_LEFTOVER: {
    title: 'left-over file',
    explain:
      'This is a temporary file of an interrupted step, a segment that the oldest snapshot covers, or an unused file beside the one written in its place. Nothing uses it.',
    next: 'Nothing. A writer will remove it.',
  },
  E_REPLAY: {
    title: 'record does not apply',
    explain:
      'The log is sound, but a record cannot be applied to the state before it. The writer that made it had a fault.',
    next: 'walq wal inspect STORE SEQ shows the record. Report it, with the output of walq wal verify.',
  },
  E_LOCKED: {
    title: 'store is locked',
    explain:
      'Another process is writing to this store. There is one writer at a time; the lock is released when that process ends, however it ends. Reading needs no lock.',
    next: 'Wait for it (--lock-timeout waits longer), or stop it.',
  },
  E_MOVED: {
    title: 'store was moved while it was open',
    explain:
      'The folder of the store is no longer at its path, or another one is there: it was renamed, replaced by a copy, or a link on the way leads elsewhere. The process that had it open stopped writing before it could touch files that are not its own. All that was acknowledged is in the folder, where it is now.',
    next: 'End the process, and open the store again where it is now.',
  },
  E_POISONED: {
    title: 'writer stopped after an I/O error',
    explain:
      'A write or sync of the log failed in a way that leaves unknown what is on disk. Nothing is retried: after a failed sync the page cache can show bytes that the disk does not have. Operations in flight were answered with "durability unknown".',
    next: 'Repair the disk, then open the store again: recovery goes by the disk itself.',
  },
  E_DURABILITY_UNKNOWN: {
    title: 'durability unknown',
    explain:
      'The operation was being written when the disk failed. When the store is opened again, it may be there or not.',
    next: 'Open the store again and look. You can enqueue again with the same id: a duplicate is recognised.',
  },
  E_CLOSED: {
    title: 'store is closed',
    explain: 'An operation came after the store had been closed.',
    next: 'Open it again.',
  },
  E_RECORD_SIZE: {
    title: 'record too large',
    explain: 'A record or a batch is larger than a frame may be. It was rejected before any of it was written.',
    next: 'Send less at once.',
  },
  E_SNAPSHOT_AHEAD: {
    title: 'snapshot is ahead of the log',
    explain:
      'A snapshot is written only once the log is durable up to its place. Here the log ends before that: its end was cut off, perhaps frames without events, or the snapshot belongs to another run.',
    next: `${keep}Look for a full copy of the log. ${verify}`,
  },
  E_SNAPSHOT_CHAIN: {
    title: 'snapshot does not fit its log',
    explain:
      'A snapshot names the frame it follows, by offset and checksum. The log has no such frame there, so the snapshot is not used; an older one, or the log from its start, gives the state.',
    next: 'walq snapshot create STORE writes a new one.',
  },
  E_SNAPSHOT_STRANDED: {
    title: 'the log after an older snapshot is missing',
    explain:
      'The log begins after the point that this snapshot covers. A newer good snapshot holds the state, so nothing is lost now, but the older one can no longer serve as a fallback. walq never cleans up like this: somebody else removed segments.',
    next: 'Put the segments back if a copy exists. walq snapshot create STORE makes a second good snapshot.',
  },
  E_SKIPPED: {
    title: 'event does not apply after lost ones',
    explain:
      'The event comes after events that a salvage could not read, and needs one of them: a job that was enqueued there, or an attempt that began there. It stays in the log and changes nothing.',
    next: 'walq wal inspect STORE SEQ shows it. Enqueue the job again if it is still wanted.',
  },
  E_SEQ_RANGE: {
    title: 'seq outside the log',
    explain:
      'The seq lies before the first or after the last record that can be read (exit 2), or behind damage that no good snapshot leads past (exit 3).',
    next: 'walq wal inspect STORE shows which seqs there are.',
  },
  E_PLAN_STALE: {
    title: 'plan no longer fits the files',
    explain:
      'The files have changed since the plan was made, or since the repair that you want to undo. Nothing was changed, unless the message says that the repair is not finished: then walq wal repair STORE --undo takes it back.',
    next: 'walq wal repair STORE makes a new plan.',
  },
  E_NEEDS_YES: {
    title: 'needs an explicit --yes',
    explain:
      'The step drops something that may have been acknowledged. Nothing was changed. The dropped bytes stay in quarantine/, and --undo puts them back.',
    next: 'Add --yes to the command.',
  },
  E_NOTHING_TO_UNDO: {
    title: 'nothing to undo',
    explain: 'No repair is recorded in quarantine/ that was not undone already.',
    next: 'Nothing.',
  },
  E_REPAIR_JOURNAL: {
    title: 'record of a repair is damaged',
    explain:
      'Each repair leaves a record, quarantine/repair-NNNN.json, which says what it cut off and where the copy is. The newest one cannot be read, or names what no repair does, so it was not followed. Nothing was changed.',
    next: 'The names of the copies beside it give file and offset: on a copy of the store, put the bytes back by hand.',
  },
  E_EVIDENCE: {
    title: 'what a repair set aside is damaged',
    explain:
      'The copy in quarantine/ is gone, or its SHA-256 is not the one in the record of the repair. Putting it back would write other bytes than were there. Nothing was changed.',
    next: 'The repaired store is as it was. Look for another copy of the file in quarantine/.',
  },
  E_PLACE: {
    title: 'the new folder cannot be made there',
    explain:
      'A backup, or a store that is restored, imported or salvaged, gets its own folder by one rename when it is complete (so does the folder of walq demo --dir). Its name must be free or an empty folder, on the same disk as the folder around it, and not inside the store it is made from. Nothing was made.',
    next: 'Name a folder that does not exist yet, inside one that does.',
  },
  E_UNFINISHED: {
    title: 'an unfinished copy is in the way',
    explain:
      'A backup or a restored store is called DIR.unfinished until it is complete. There is one: another command is making it, or died on the way. It holds nothing but what was read from the source.',
    next: 'If nothing is working on it, remove it: rm -r DIR.unfinished',
  },
  E_RACE: {
    title: 'the store changed too fast to be read',
    explain:
      'A reader opens all files it needs first, so that compaction takes nothing from it while it reads. Here files vanished between listing and opening, at every attempt. Nothing was made; the store is not damaged by this, but nothing can be said about it either.',
    next: 'Try again, or stop whatever compacts the store without a pause.',
  },
  E_BACKUP_COPY: {
    title: 'a copy does not read back as it was written',
    explain:
      'The store was read and is sound, but its copy is not: the disk of the backup, or the memory in between, changes bytes. No backup was made.',
    next: 'Check the disk of the backup, or name a folder on another one.',
  },
  E_RESTORE_MISMATCH: {
    title: 'a restored store has another state than its snapshot',
    explain:
      'The state of the new store, read back from disk, is not the one in the snapshot: a disk changes bytes, or walq has a bug. No store was made.',
    next: 'Try on another disk; report it if it happens again.',
  },
  E_COMPACT_MISMATCH: {
    title: 'compaction could not prove that the state is unchanged',
    explain:
      'The state loaded back from the new snapshot is not the state in memory. Nothing was removed. This is a bug in walq.',
    next: 'Report it, with the output of walq wal verify.',
  },
} satisfies CodeCatalogue;

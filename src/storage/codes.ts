import type { CodeCatalogue } from '../base/errors.ts';

const verify = 'walq wal verify STORE shows every fault; walq wal repair STORE says what it can mend.';
const keep = 'Copy the store somewhere safe first. ';

/** What opening, writing, reading and repairing a store can answer, beside what is wrong with a log or a snapshot in itself. */
export const storageCodes: CodeCatalogue = {
  E_NO_STORE: {
    title: 'no store there',
    explain: 'The path does not hold a walq store. Readers create nothing.',
    next: 'Name the store with a path, --store or WALQ_STORE; walq queue enqueue creates one.',
  },
  E_NOT_A_STORE: {
    title: 'folder is not a store',
    explain: 'The folder holds other files and no STORE.json. walq creates a store only in an empty or missing folder.',
    next: 'Choose another folder.',
  },
  E_FOREIGN_FILE: {
    title: 'unknown file in the store',
    explain: 'A file whose name is not of the store’s form. It is left alone.',
    next: 'Nothing, or move it away.',
  },
  E_NEWER_FORMAT: {
    title: 'newer format',
    explain: 'The file is whole, but written in a format that needs a newer walq.',
    next: 'Use a newer walq on this file.',
  },
  E_HEAD_SLOT: {
    title: 'HEAD is damaged in part',
    explain:
      'A part of HEAD does not pass its checksum. HEAD only adds evidence: without it a log that was cut off behind a whole frame cannot be told from one that ended there.',
    next: 'Nothing. The next writer writes it anew.',
  },
  E_HEAD_MISSING: {
    title: 'no HEAD file',
    explain:
      'The watermark file is not there. It only adds evidence: without it a log cut off exactly at a frame border cannot be seen.',
    next: 'Nothing. The next writer writes it anew.',
  },
  E_NO_BASE: {
    title: 'no base',
    explain: 'The log begins after seq 1, and no good snapshot covers what came before: the state cannot be built.',
    next: `Put the missing snapshot or the earlier segments back. walq wal verify STORE shows every fault.`,
  },
  E_STORE_MISSING: {
    title: 'STORE.json missing',
    explain:
      'The folder holds segments but no STORE.json. Nothing of the log is lost: the store id stands in every segment header.',
    next: 'Put STORE.json back from a copy, or: walq wal repair STORE --apply rebuilds it.',
  },
  E_STORE_BAD: {
    title: 'STORE.json damaged',
    explain:
      'STORE.json does not pass its checksum, or is of another store than HEAD and every segment. Nothing of the log is lost: the store id stands in every segment header.',
    next: 'Put STORE.json back from a copy, or: walq wal repair STORE --apply rebuilds it.',
  },
  E_GUTTED: {
    title: 'store without a log',
    explain:
      'STORE.json or snapshots are there but no segment: the log was removed. This is not an empty store, and walq does not start a new log in it.',
    next: 'Put wal/ back from a copy. Where a good snapshot is left: walq wal repair STORE --mode salvage --to NEWSTORE makes a store with the state of the newest one, and says what came after it; the history before it is gone. If the store is really to be begun anew, move the folder away.',
  },
  E_NOT_FRAME_END: {
    title: 'no operation ends there',
    explain:
      'Events that were written as one operation stand or fall together, and this seq is amid them: a log cannot be cut there in place.',
    next: 'Cut where the message says, or into a new store with --to.',
  },
  E_LEFTOVER: {
    title: 'left-over file',
    explain:
      'A temporary file of an interrupted step, a segment wholly covered by the oldest snapshot, or an unused one beside the one that was written in its place. It takes no part in anything.',
    next: 'Nothing. A writer removes it in time.',
  },
  E_REPLAY: {
    title: 'record does not apply',
    explain:
      'The log is sound, but a record cannot be applied to the state before it. This is a fault of the writer that made it.',
    next: 'walq wal inspect STORE SEQ shows the record. Please report it with the output of walq wal verify.',
  },
  E_LOCKED: {
    title: 'store is locked',
    explain:
      'Another process writes to this store. There is one writer at a time; the lock is freed when that process ends, however it ends.',
    next: 'Wait for it, or stop it.',
  },
  E_MOVED: {
    title: 'store was moved while it was open',
    explain:
      'The folder of the store is not at its path any more, or another one stands there: it was renamed, replaced by a copy, or a link on the way leads elsewhere. The process that had it open stops writing before it creates or removes a file by a path that is not its own. All that was acknowledged is in the folder where it is now.',
    next: 'End the process, and open the store again where it is now.',
  },
  E_POISONED: {
    title: 'writer stopped after an I/O error',
    explain:
      'A write or sync of the log failed in a way that leaves unknown what is on disk. Nothing is retried: after a failed sync the page cache shows bytes that the disk may lack. Answers to operations in flight are "durability unknown".',
    next: 'Mend the disk, then open the store again: recovery decides from the disk itself.',
  },
  E_DURABILITY_UNKNOWN: {
    title: 'durability unknown',
    explain:
      'The operation was being written when the disk failed. It may or may not be found after the store is opened again.',
    next: 'Open the store again and look. Enqueue again with the same id: a duplicate is recognised.',
  },
  E_CLOSED: {
    title: 'store is closed',
    explain: 'An operation came after the store had been closed.',
    next: 'Open it again.',
  },
  E_RECORD_SIZE: {
    title: 'record too large',
    explain: 'A record or a batch is larger than a frame may be. It was rejected before a byte was written.',
    next: 'Send less at once.',
  },
  E_SNAPSHOT_AHEAD: {
    title: 'snapshot is ahead of the log',
    explain:
      'A snapshot is written only after the log is durable up to its seq. Here the log ends before that: its end was cut off, or the snapshot is of another run.',
    next: `${keep}Look for a full copy of the log. ${verify}`,
  },
  E_SNAPSHOT_CHAIN: {
    title: 'snapshot does not fit its log',
    explain:
      'A snapshot names the frame it follows by offset and checksum. The log has no such frame there, so the snapshot is not used; an older one, or the log from its start, gives the same state.',
    next: 'walq snapshot create STORE writes a new one.',
  },
  E_SNAPSHOT_STRANDED: {
    title: 'log after an older snapshot is missing',
    explain:
      'The log begins after this snapshot ends. A newer good snapshot holds the state, so nothing is lost now; but the older one is no fallback any more. walq never cleans like this: segments were removed by somebody else.',
    next: 'Put the segments back if a copy exists. walq snapshot create STORE gives a second good snapshot again.',
  },
  E_SKIPPED: {
    title: 'event does not apply after lost ones',
    explain:
      'The event stands behind events that a salvage could not read, and needs one of them: a job that was enqueued there, or an attempt that was begun there. It is kept in the log and changes nothing.',
    next: 'walq wal inspect STORE SEQ shows it. Enqueue the job again if it is still wanted.',
  },
  E_SEQ_RANGE: {
    title: 'seq outside the log',
    explain:
      'The asked-for seq lies before the first or after the last record that can be read (exit 2), or behind damage that no good snapshot leads past (exit 3).',
    next: 'walq wal inspect STORE shows which seqs there are.',
  },
  E_PLAN_STALE: {
    title: 'plan no longer fits the files',
    explain:
      'The files have changed since the plan was made, or since the repair that is to be undone. Nothing was changed.',
    next: 'walq wal repair STORE makes a new plan.',
  },
  E_NEEDS_YES: {
    title: 'needs an explicit yes',
    explain:
      'The step drops something that may have been acknowledged. The bytes would stay in quarantine, and --undo puts them back.',
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
      'Each repair leaves a record, quarantine/repair-NNNN.json, which says what it cut off and where the copy lies. The newest one cannot be read, or names what no repair does, so it is not followed. Nothing was changed.',
    next: 'The copies beside it carry file and offset in their names; put the bytes back by hand, on a copy of the store.',
  },
  E_EVIDENCE: {
    title: 'what a repair set aside is damaged',
    explain:
      'The copy in quarantine/ is gone, or is not what was taken away: its SHA-256 is not the one in the record of the repair. Putting it back would write other bytes than were there. Nothing was changed.',
    next: 'The repaired store is as it was. Look for another copy of the file in quarantine/.',
  },
  E_PLACE: {
    title: 'the new folder cannot be made there',
    explain:
      'A backup, or a store that is restored, imported or salvaged, becomes a folder of its own, by one rename when it is complete. It takes a name where nothing or an empty folder is (so does the folder of walq demo --dir), ' +
      'on the disk of the folder around it, and not inside the store it is made of. Nothing was made.',
    next: 'Name a folder that does not exist yet, in one that does.',
  },
  E_UNFINISHED: {
    title: 'an unfinished copy is in the way',
    explain:
      'A backup or a restored store is called DIR.unfinished until it is complete. One is there: another command is making it, or died on the way. ' +
      'It holds nothing but what was read from the source.',
    next: 'Remove it if nothing is at work on it: rm -r DIR.unfinished',
  },
  E_RACE: {
    title: 'the store changed too fast to be read',
    explain:
      'A reader opens all files it needs and then reads at leisure, so that cleaning takes nothing from it. Here files went between listing and opening ' +
      'them, at every attempt. Nothing was made, and nothing is said of the store; it is not damaged by this.',
    next: 'Try again, or stop whatever compacts the store without a pause.',
  },
  E_BACKUP_COPY: {
    title: 'a copy does not read back as it was written',
    explain:
      'The store was read and is sound, but the copy of it is not: the disk of the backup, or the memory in between, changes bytes. No backup was made.',
    next: 'Look at the disk of the backup, or name a folder on another one.',
  },
  E_RESTORE_MISMATCH: {
    title: 'a restored store did not prove itself',
    explain:
      'The state of the new store, read back from disk, is not the one in the snapshot: a disk that changes bytes, or a bug in walq. No store was made.',
    next: 'Try on another disk; please report it if it happens again.',
  },
  E_COMPACT_MISMATCH: {
    title: 'compaction did not prove itself',
    explain:
      'The state loaded back from the new snapshot is not the state in memory. Nothing was removed. This is a bug in walq.',
    next: 'Please report it with the output of walq wal verify.',
  },
};

import type { CodeCatalogue } from '../base/errors.ts';

const readOnly =
  'walq never changes a file of another system. Keep a copy, then: walq wal import --from FILE --store DIR';
const look = 'walq wal inspect FILE shows the records around it.';
const none = 'Nothing to do: it is reported so that the counts make sense.';
const older = 'Use an older snapshot, or replay the log from its start: walq wal replay FILE.';

/** Codes of findings in files of other systems. A missing number is E_GAP, as in walq's own logs. */
export const formatCodes = {
  E_LOG_CHECKSUM: {
    title: 'record of a foreign log fails its checksum',
    explain:
      'The stored checksum is not that of type, id and number, so one of them changed after it was written. (The checksum does not cover the timestamp.) One cause is the system itself: raft-recovery computes the checksum of an id that is not UTF-8 from its raw bytes but stores U+FFFD for them, and then refuses its own record; where the bytes can be found again, the finding says so.',
    next: `${look} The system's own replay stops here; walq reads on. ${readOnly}`,
  },
  E_LOG_GARBAGE: {
    title: 'line of a foreign log is not a record',
    explain:
      'The bytes are neither a record nor, at the end of the file, the beginning of one: they were overwritten or changed.',
    next: `${look} ${readOnly}`,
  },
  E_LOG_FIELD: {
    title: 'record of a foreign log lacks a field, or has a wrong value in one',
    explain:
      'The line is sound JSON but not a record: a field is missing, negative, fractional, too large or of another type.',
    next: `${look} ${readOnly}`,
  },
  E_LOG_GLUED: {
    title: 'record glued to a torn one',
    explain:
      'A write was cut off before its line end (a full disk, a crash), and the writer later appended behind it. The torn record is lost, and was never complete; the one glued to it is sound and is read. Where both are sound, only the line break between them is missing.',
    next: `The system's own replay stops here; walq reads on. ${readOnly}`,
  },
  E_LOG_TORN: {
    title: 'last record of a foreign log is torn',
    explain:
      'The file ends inside a record: a crash or a full disk cut off the last write. Everything before it is whole.',
    next: 'Nothing is lost but the record that was being written. The line may be cut off at the offset given.',
  },
  E_LOG_ZEROS: {
    title: 'NUL bytes in a foreign log',
    explain:
      'At the end of a file they are a torn tail: the file had grown, but its data did not reach the disk. ' +
      'In the middle they stand where records were: damage.',
    next: `At the end they may be cut off at the offset given. In the middle: ${readOnly}`,
  },
  E_LOG_LONG_LINE: {
    title: 'line longer than any record',
    explain:
      'The line has more than 16 MiB. walq skips it without keeping it in memory; if it was a record, that record is lost.',
    next: readOnly,
  },
  E_LOG_BOM: {
    title: 'byte order mark at the start of the file',
    explain:
      'An editor or a conversion put it there. No record is lost, but the system that wrote the file will refuse it.',
    next: 'Remove the first three bytes from a copy: tail -c +4 FILE > COPY',
  },
  E_LOG_TYPE: {
    title: 'unknown event type',
    explain:
      'The record is sound, but its type is none of ENQUEUE, DISPATCH, ACK, RETRY, TIMEOUT and DEAD. A newer system wrote it, or somebody wrote it by hand.',
    next: 'Use a version of walq that knows the type. Until then a state replayed from this log may be wrong.',
  },
  E_LOG_RESTART: {
    title: 'numbers start again',
    explain:
      'Another session of the writer begins here. raft-recovery counts from 1 in each file and each time it opens one. Nothing is lost.',
    next: none,
  },
  E_LOG_ORDER: {
    title: 'records out of order',
    explain:
      'Several writers of one session each took a number, and wrote in another order. Once sorted, nothing is missing.',
    next: none,
  },
  E_LOG_DUPLICATE: {
    title: 'record is in the file twice',
    explain: 'The same record occurs again, word for word, within one session. Nothing is lost.',
    next: none,
  },
  E_LOG_CONFLICT: {
    title: 'two different records with one number',
    explain:
      'Within one session a number occurs twice, in records that differ. If another number is missing nearby, one of the two was changed: raft-recovery gives the same checksum to all numbers from 55296 to 57343, and to most above 1114111, so it cannot tell.',
    next: look,
  },
  E_LOG_CRLF: {
    title: 'line ends are CRLF',
    explain:
      'The file went through a text conversion. The records are read all the same, and offsets count in this file. Nothing is lost.',
    next: none,
  },
  E_LOG_BLANK: {
    title: 'empty lines',
    explain: 'The system writes no empty lines. They hold nothing and are skipped.',
    next: none,
  },
  E_LOG_OPEN_END: {
    title: 'last line without a line end',
    explain: 'The last record reads well, but a text without checksums cannot prove that it was not longer once.',
    next: 'Compare the id with what you know of the job.',
  },
  E_LOG_FORM: {
    title: 'records not in the form the system writes',
    explain:
      'The keys have another order or case, or there are more or fewer of them. The checksum is right, and the system reads such records too.',
    next: none,
  },
  E_LOG_EMPTY: { title: 'no record in the file', explain: 'The file is empty, or holds only empty lines.', next: none },
  E_LOG_MORE: {
    title: 'more findings than are listed',
    explain: 'Of each code the first 1000 findings are listed. The rest are only counted, so that memory stays flat.',
    next: 'The counts in the summary are complete.',
  },
  E_LOG_LIMIT: {
    title: 'too many holes to follow',
    explain:
      'A log with more than 16384 holes open at once is no longer followed exactly: a record that fills a hole late is not noticed.',
    next: 'The reported missing ranges may be too many, never too few.',
  },
  E_SNAP_CUT: {
    title: 'foreign snapshot is cut off',
    explain: 'The JSON ends too early. What comes before it can be read, but nothing says how many jobs there were.',
    next: older,
  },
  E_SNAP_JSON: {
    title: 'foreign snapshot is damaged',
    explain:
      'The JSON breaks off here: a byte was changed or overwritten, or a value exceeds the limits (64 MiB, 1024 levels).',
    next: older,
  },
  E_SNAP_TRAILING: {
    title: 'bytes behind the end of a foreign snapshot',
    explain: 'The snapshot is whole, but something follows it. The system that wrote it refuses such a file.',
    next: 'Make a copy that ends at the offset given.',
  },
  E_SNAP_JOB: {
    title: 'job of a foreign snapshot is damaged',
    explain:
      'A field is missing, unknown or of another type, or the id inside is not the id outside. The format has no checksum, so more may have changed than can be seen.',
    next: older,
  },
  E_SNAP_FIELD: {
    title: 'foreign snapshot lacks a part',
    explain: 'The jobs, or the number of the last event, are missing or not what they should be.',
    next: older,
  },
  E_SNAP_VERSION: {
    title: 'foreign snapshot of another schema version',
    explain: 'Only schema version 1 is known. The system itself refuses any other.',
    next: 'Use a version of walq that knows it.',
  },
  E_SNAP_ORDER: {
    title: 'jobs of a foreign snapshot out of order, or twice',
    explain: 'The system writes its jobs sorted by id, each once. Something else wrote or changed this file.',
    next: look,
  },
  E_SNAP_UNKNOWN: {
    title: 'unknown member of a foreign snapshot',
    explain: 'walq ignores it. The rest is read as usual.',
    next: none,
  },
  E_SNAP_LAST_SEQ: {
    title: 'what last_seq of a foreign snapshot refers to',
    explain:
      'When raft-recovery takes a snapshot it rotates its log, and the new log counts from 1 again. So last_seq is a number in the newest rotated file, and every record of the live log is newer than the snapshot.',
    next: 'Import both: walq wal import --from NAME --snapshot SNAPSHOT --store DIR',
  },
} satisfies CodeCatalogue;

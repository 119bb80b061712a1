import type { CodeCatalogue } from '../base/errors.ts';

/** Codes of the command line itself: arguments, targets, output. */
export const commandCodes = {
  E_USAGE: {
    title: 'the command line is wrong',
    explain: 'A flag, a value or an argument is missing, unknown or not allowed. Nothing was read or changed.',
    next: 'walq help COMMAND shows what the command takes.',
  },
  E_SELECTOR: {
    title: 'a point or range of the log is not understood',
    explain:
      'A point of a log is a seq (123), a count from the end (@-10 is the tenth event from the end), @tail, @snap, a time (2026-09-01T03:00Z; local without a zone) or "5m ago". Ranges are A..B, A.. and ..B, both ends included.',
    next: 'walq wal inspect PATH @-10.. shows the last ten events with their seqs.',
  },
  E_WHERE: {
    title: 'an expression is not understood',
    explain:
      'An expression compares fields with values: status = dead and attempt > 2, error ~ "time.?out", name in (mail, sms), exists payload.to, not (age < 5m). Quote the whole of it, or the shell takes < > ( ) for itself. The message marks the place and says what was expected there. Nothing was read or changed.',
    next: 'docs/expressions.md has the grammar and all fields; an error about an unknown field lists those there are.',
  },
  E_JSON: {
    title: 'not valid JSON',
    explain:
      'The text is not one JSON value. Payloads are kept exactly as written, so walq does not mend them; the message names the place.',
    next: 'Correct the text at that place.',
  },
  E_IMPORT_ORDER: {
    title: 'the logs to import are not given oldest first',
    explain:
      'An import numbers the events in the order in which you give the logs, and a snapshot covers all of them but the newest. When raft-recovery rotates a log it renames it to NAME.YYYYMMDD_HHMMSS, so NAME itself is the newest. No store was made.',
    next: 'Use the command in the message.',
  },
  E_IMPORT_BASE: {
    title: 'snapshot and log do not meet',
    explain:
      'The last number in the snapshot is not in the log that should contain it, or the log begins after it. Events between the two may be missing, or a log was left out. What is there was imported.',
    next: 'Import again, oldest first, with every log from the one that the snapshot was taken of up to the newest.',
  },
  E_IMPORT_LEFT: {
    title: 'an unfinished import is in the way',
    explain:
      'A store that is being imported is called DIR.importing until it is complete. There is one: an import is still running, or was killed, or failed. It holds nothing but what was read from the sources.',
    next: 'If no import is running, remove it: rm -r DIR.importing',
  },
  E_EXPORT_LINE: {
    title: 'a line of an export is not what it must be',
    explain:
      'Each line of an export has exactly one spelling, and follows from the lines before it. The line at the place named does not: it was changed, or lines are missing or doubled. No store is made from such a text.',
    next: 'Export again, or take an older copy of the text; walq wal verify FILE checks one.',
  },
  E_EXPORT_CUT: {
    title: 'an export ends before its end',
    explain:
      'The last line of an export counts the lines before it and has their SHA-256. That line is missing: the export, or a copy of it, was cut off, for example by a full disk or a broken pipe.',
    next: 'Export again: walq wal export STORE --to FILE gives the file its name only when it is complete.',
  },
  E_EXPORT_SUM: {
    title: 'an export was changed',
    explain:
      'Every line could be read, but the SHA-256 of the text is not the one in its last line: the text was changed after it was written. No store is made from it.',
    next: 'Export again, or take an older copy of the text.',
  },
  E_EXPORT_STATE: {
    title: 'an export does not give the state that it names',
    explain:
      'The base of the export, or the state that its events lead to, does not have the hash that the export names. The text was changed, or a walq with other rules wrote it.',
    next: 'Compare it with the store it came from: walq wal state-hash STORE',
  },
  E_SALVAGE_LEFT: {
    title: 'an unfinished salvage is in the way',
    explain:
      'A store that is being salvaged is called DIR.salvaging until it is complete. There is one: a salvage is still running, or was killed, or failed. The damaged store was only read, and still holds all that it held.',
    next: 'If no salvage is running, remove it: rm -r DIR.salvaging',
  },
  E_BEFORE_BASE: {
    title: 'the point lies before the start of the log',
    explain:
      'Compaction has dropped that part of the log, or the log was cut there, so the state before its first event cannot be computed. The message names the earliest point that is left.',
    next: 'Name a later point, or use a backup that reaches further back.',
  },
  E_NO_TARGET: {
    title: 'there is no such file or folder',
    explain: 'Nothing exists at this path, and the word is no point or range of a log either.',
    next: 'Check the path with ls. walq wal verify PATH takes stores, wal/ folders, segments, snapshots and logs of other systems.',
  },
  E_UNKNOWN_FORMAT: {
    title: 'the file is of no known kind',
    explain:
      'The file does not begin like a file of a store, nor like a log or snapshot of another system. Files are recognised by their content; their names do not matter.',
    next: 'head -c 64 PATH | xxd shows how the file begins.',
  },
  E_EMPTY_FILE: {
    title: 'the file is empty',
    explain:
      'An empty file has nothing to recognise it by. A segment or snapshot of a store is never empty: there it is damage.',
    next: 'walq wal verify STORE checks the whole store it belongs to.',
  },
  E_WRONG_TARGET: {
    title: 'the command cannot work on this kind of file',
    explain:
      'The file was recognised, but this command needs something else, for example a whole store instead of one of its files.',
    next: 'walq wal inspect PATH and walq wal verify PATH take every kind.',
  },
  E_NO_MATCH: {
    title: 'nothing matches',
    explain: 'The log or queue was read, but no event lies in the range, or no event or job passes the filters.',
    next: 'walq wal verify PATH shows which seqs the log holds; walq queue status counts the jobs.',
  },
  E_BISECT_COMMAND: {
    title: 'the command of a bisect gave no answer',
    explain:
      'The command of wal bisect --run is started for one state after another. Exit 0 calls the state good, 125 says that it cannot be judged, any other code up to 127 calls it bad. A code from 128 on, or a death by signal, stops the search. So does 126 or 127 where the state must be good, since then the command could not be run at all.',
    next: 'Try the command by hand: walq wal replay STORE --until SEQ --json > state.json; WALQ_STATE=state.json COMMAND < state.json',
  },
  E_CHECK: {
    title: 'a check of the queue does not hold',
    explain:
      'queue status --check was given an expression that is not true of the queue. The message names the expression and the values found. Nothing was changed.',
    next: 'walq queue list --phase PHASE, or walq queue dead list, shows the jobs behind a number.',
  },
  E_NO_FILE: {
    title: 'there is no such file',
    explain: 'The file to read jobs from does not exist. Nothing was enqueued.',
    next: 'Name another file, or - for standard input.',
  },
  E_AFTER_FAR: {
    title: 'a job comes too long before a job it waits for',
    explain:
      'Jobs of one input that name each other go into the log as one frame, which has room for 5,000 jobs and 3.5 MiB. The message names a job whose parent is neither in the queue nor within that distance after it. Its batch was not enqueued; the batches before it were.',
    next: 'Put parents before the jobs that wait for them.',
  },
  E_HANDLER: {
    title: 'the handler of a runner does not work',
    explain:
      'The command was not found, may not be executed, or its process does not start. No job is to blame: jobs that met this were given back, and the attempt does not count. The runner pauses the queue; with --drain it exits with 1.',
    next: 'Correct the handler. Then walq queue resume, or after --drain the same walq queue run again.',
  },
  E_UNCONFIRMED: {
    title: 'needs your yes',
    explain:
      'The command throws many jobs away. On a terminal it asks first; without one, or when the answer was no, it does nothing.',
    next: 'Add --yes to the command.',
  },
  E_NO_HANDLER: {
    title: 'nothing says how a job is run',
    explain:
      'queue run takes jobs and hands them to something: a command started for each job, a process that gets job after job, functions of a module, or the command that a job itself carries. You must say which.',
    next: "walq queue run with --exec 'CMD', --stream 'CMD', --module FILE or --commands; docs/handlers.md describes them.",
  },
  E_CONFIG: {
    title: 'the file of flags is wrong',
    explain:
      'The file of --config is YAML: one level of keys, each a long flag of the command with the value you would type after it, or true for a flag without a value. The message names file, key and value. Nothing was begun.',
    next: 'walq queue run --help lists the flags and their values.',
  },
  E_NO_SNAPSHOT: {
    title: 'there is no snapshot',
    explain: 'The store has no snapshot yet. Nothing is wrong with that: its state comes from the log alone.',
    next: 'walq snapshot create STORE writes one.',
  },
  E_IMPORT_JOB: {
    title: 'a job cannot be imported',
    explain:
      'A job of a foreign snapshot has an id, a payload or a number that no walq store can hold. No store was made.',
    next: 'Import the logs without the snapshot: walq wal import --from FILE --store DIR.',
  },
  E_FILE_EXISTS: {
    title: 'the file exists already',
    explain: 'walq does not overwrite files that it did not write. Nothing was changed.',
    next: 'Name another file, or remove this one first.',
  },
  E_OUTPUT: {
    title: 'the output cannot be written',
    explain:
      'Writing to standard output failed: the disk behind a redirection is full or reports an error. The log itself is untouched.',
    next: 'Make room, or send the output elsewhere.',
  },
  E_UNKNOWN_COMMAND: {
    title: 'no such command',
    explain: 'walq help was asked for a command that does not exist.',
    next: 'walq --help lists the commands.',
  },
  E_UNKNOWN_KIND: {
    title: 'there is no such kind of document',
    explain:
      'Each JSON document says in `kind` which command it answers: the words of the command with dots between them, such as wal.verify. There is no kind of the name you gave.',
    next: 'walq schema lists all kinds.',
  },
  E_BUG: {
    title: 'a bug in walq',
    explain:
      'Something happened that the program takes to be impossible. The log protects your data: opening the store again is safe.',
    next: 'Report it, with the stack that was shown.',
  },
  E_UNKNOWN_CODE: {
    title: 'no such code',
    explain: 'walq help was asked for a code that does not exist.',
    next: 'walq help codes lists all codes.',
  },
  E_SNAPSHOT_STATE: {
    title: 'snapshot and log disagree',
    explain:
      'The snapshot passes its checksums, but replaying the log up to its seq gives another state. Either one of the two was not written by this queue, or walq has a bug.',
    next: 'Keep a copy, and report it with the output of walq wal verify --deep.',
  },
} satisfies CodeCatalogue;

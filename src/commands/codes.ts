import type { CodeCatalogue } from '../base/errors.ts';

/** Codes of the command line itself: arguments, targets, output. */
export const commandCodes: CodeCatalogue = {
  E_USAGE: {
    title: 'the command line is wrong',
    explain: 'A flag, a value or an argument is missing, unknown or not allowed. Nothing was read or changed.',
    next: 'walq help COMMAND shows what the command takes.',
  },
  E_SELECTOR: {
    title: 'a point or range of the log is not understood',
    explain:
      'Points of a log are a seq (123), counted from the tail (@-10: the tenth event from the end), @tail, @snap, a time ' +
      '(2026-09-01T03:00Z; local without a zone) or "5m ago". Ranges are A..B, A.. and ..B, both ends included.',
    next: 'walq wal inspect PATH @-10.. shows the last ten events with their seqs.',
  },
  E_WHERE: {
    title: 'an expression is not understood',
    explain:
      'An expression compares fields with values: status = dead and attempt > 2, error ~ "time.?out", name in (mail, sms), ' +
      'exists payload.to, not (age < 5m). The whole of it stands in quotes, or the shell takes < > ( ) for itself. The ' +
      'message names the place and what was expected there. Nothing was read or changed.',
    next: 'docs/expressions.md has the grammar and all fields; an unknown field lists those there are.',
  },
  E_JSON: {
    title: 'not valid JSON',
    explain:
      'The text is not one JSON value. Payloads are kept as they are written, so they must be exact; the message names the place.',
    next: 'Mend the text at the place named.',
  },
  E_IMPORT_ORDER: {
    title: 'logs to import are not oldest first',
    explain:
      'An import numbers the events in the order in which the logs are given, and a snapshot covers all but the newest of ' +
      'them. raft-recovery names a log that it rotates away NAME.YYYYMMDD_HHMMSS, so NAME itself is the newest. Nothing ' +
      'was made.',
    next: 'Use the command in the message.',
  },
  E_IMPORT_BASE: {
    title: 'snapshot and log do not meet',
    explain:
      'The last number of the snapshot is not in the log that it should be in, or the log begins after it. Events between ' +
      'the two may be missing, or a log was left out. What is there was imported.',
    next: 'Import again, with every log from the one that the snapshot was taken of to the newest, oldest first.',
  },
  E_IMPORT_LEFT: {
    title: 'an unfinished import is in the way',
    explain:
      'A store that is being imported is called DIR.importing and takes its name when it is complete. One is there: an import ' +
      'was killed or failed, or runs still. It holds nothing but what was read from the sources.',
    next: 'Remove it if no import is running: rm -r DIR.importing',
  },
  E_EXPORT_LINE: {
    title: 'a line of an export is not one',
    explain:
      'Each line of an export has exactly one spelling, and each follows from those before it. The line at the place named is another one: it was ' +
      'changed, or lines are missing or doubled. An import makes nothing of such a text.',
    next: 'Export again, or take an older copy of the text; walq wal verify FILE checks one.',
  },
  E_EXPORT_CUT: {
    title: 'an export ends before its end',
    explain:
      'The last line of an export counts what comes before it and has the SHA-256 of it. It is not there: the export, or a copy of it, was cut off, for example by ' +
      'a full disk or a broken pipe.',
    next: 'Export again: walq wal export STORE --to FILE gives the file its name only when it is complete.',
  },
  E_EXPORT_SUM: {
    title: 'an export was changed',
    explain: 'Every line could be read, but the SHA-256 of the text is not the one in its last line.',
    next: 'Export again, or take an older copy of the text.',
  },
  E_EXPORT_STATE: {
    title: 'an export gives another state than it names',
    explain:
      'The base of the export, or what its events lead to, is a state with another hash than the one that it names. Somebody changed the text, or a walq ' +
      'with other rules has written it.',
    next: 'Compare with the store it came from: walq wal state-hash STORE.',
  },
  E_SALVAGE_LEFT: {
    title: 'an unfinished salvage is in the way',
    explain:
      'A store that is being salvaged is called DIR.salvaging and takes its name when it is complete. One is there: a salvage ' +
      'was killed or failed, or runs still. The damaged store was only read; all there is still is in it.',
    next: 'Remove it if no salvage is running: rm -r DIR.salvaging',
  },
  E_BEFORE_BASE: {
    title: 'the point lies before the start of the log',
    explain:
      'Compaction has dropped that part of the log, or the log was cut there. The state before its first event cannot be ' +
      'computed from it. The message names the earliest point that is left.',
    next: 'Name a later point, or use a backup that reaches further back.',
  },
  E_NO_TARGET: {
    title: 'there is no such file or folder',
    explain: 'The path names nothing, and it is no point or range of a log either.',
    next: 'ls shows what is there; walq wal verify PATH takes stores, wal/ folders, segments, snapshots and foreign logs.',
  },
  E_UNKNOWN_FORMAT: {
    title: 'the file is of no known kind',
    explain:
      'The first bytes match neither a file of a store nor a log or snapshot of another system. Files are recognised by ' +
      'their content; names do not matter.',
    next: 'head -c 64 PATH | xxd shows how the file begins.',
  },
  E_EMPTY_FILE: {
    title: 'the file is empty',
    explain:
      'There is nothing in the file to recognise it by. A segment or snapshot of a store is never empty: there it is damage.',
    next: 'walq wal verify STORE checks the whole store it belongs to.',
  },
  E_WRONG_TARGET: {
    title: 'the command cannot work on this kind of file',
    explain:
      'The path was recognised, but this command needs something else, for example a whole store and not one of its files.',
    next: 'walq wal inspect PATH or walq wal verify PATH take every kind.',
  },
  E_NO_MATCH: {
    title: 'nothing matches',
    explain: 'Log or queue was read, but no event lies in the range, or no event or job passes the filters.',
    next: 'walq wal verify PATH shows which seqs the log holds; walq queue status counts the jobs.',
  },
  E_BISECT_COMMAND: {
    title: 'a command of bisect gave no answer',
    explain:
      'The command of wal bisect --run is started for one state after another. Exit 0 calls the state good, 125 says that it cannot ' +
      'tell, every other code up to 127 calls it bad. A code from 128 on, or the end by a signal, stops the search; so ' +
      'does 126 or 127 where the state must be good, since then the command could not be run at all.',
    next: 'Try the command by hand: walq wal replay STORE --until SEQ --json > state.json; WALQ_STATE=state.json COMMAND < state.json',
  },
  E_CHECK: {
    title: 'a queue is not as --check wants it',
    explain:
      'Each expression given with --check was tried; the message names the one that does not hold, and the values found.',
    next: 'walq queue list --phase PHASE, or walq queue dead list, shows the jobs behind a number.',
  },
  E_NO_FILE: {
    title: 'there is no such file',
    explain: 'The file to read jobs from is not there.',
    next: 'Name another file, or - for standard input.',
  },
  E_AFTER_FAR: {
    title: 'a job comes too long before the one it waits for',
    explain:
      'Jobs of an input that name each other go into the log as one frame, which has room for 5,000 jobs and 3.5 MiB. The ' +
      'message names a job whose parent is neither in the queue nor found within that many jobs after it. Its batch was ' +
      'not enqueued; batches before it were.',
    next: 'Put parents before the jobs that wait for them.',
  },
  E_HANDLER: {
    title: 'the handler of a runner does not work',
    explain:
      'Its command was not found, may not be executed, or its process does not begin. That is not the fault of any ' +
      'job: those that met it were given back, and the attempt does not count. A runner then pauses the queue; with ' +
      '--drain it ends with 1.',
    next: 'Mend the handler. Then walq queue resume, or after --drain the same walq queue run again.',
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
      'queue run takes jobs and hands them to something: a command that is started for each job, one that gets job after ' +
      'job, functions of a module, or the command that a job itself carries.',
    next: "walq queue run with --exec 'CMD', --stream 'CMD', --module FILE or --commands; docs/handlers.md describes them.",
  },
  E_CONFIG: {
    title: 'a file of flags is wrong',
    explain:
      'The file of --config is YAML: one level of keys, each a long flag of the command, with the value that would be ' +
      'typed after it; true for a flag without one. The message names file, key and value. Nothing was begun.',
    next: 'walq queue run --help lists the flags and what they take.',
  },
  E_NO_SNAPSHOT: {
    title: 'there is no snapshot',
    explain: 'The store holds no snapshot yet. Nothing is wrong with that: its state comes from the log alone.',
    next: 'walq snapshot create STORE writes one.',
  },
  E_IMPORT_JOB: {
    title: 'a job cannot be taken over',
    explain:
      'A job of a foreign snapshot has an id, a payload or a number that no store of ours can hold. No store was made.',
    next: 'Import the logs without the snapshot: walq wal import --from FILE --store DIR.',
  },
  E_FILE_EXISTS: {
    title: 'the file is there already',
    explain: 'walq does not overwrite what it did not write.',
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
      'A document of --json says in `kind` what it is an answer of: the words of the command with dots between them, such ' +
      'as wal.verify. The command line names none that there is.',
    next: 'walq schema lists all kinds.',
  },
  E_BUG: {
    title: 'a bug in walq',
    explain:
      'Something happened that the program holds for impossible. Files are protected by the log itself: opening again is safe.',
    next: 'Report it with the stack that was shown.',
  },
  E_UNKNOWN_CODE: {
    title: 'no such code',
    explain: 'walq help was asked for a code that does not exist.',
    next: 'walq help codes lists all codes.',
  },
  E_SNAPSHOT_STATE: {
    title: 'snapshot and log disagree',
    explain:
      'The snapshot passes its checksums, but replaying the log up to its seq gives another state. One of the two was not written by this queue, or there is a fault in the tool.',
    next: 'Keep a copy, and please report it with the output of walq wal verify --deep.',
  },
};

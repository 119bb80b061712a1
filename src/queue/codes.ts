import type { CodeCatalogue } from '../base/errors.ts';

/** Codes of the queue: its records, state, operations and the values people give it. */
export const queueCodes: CodeCatalogue = {
  E_RECORD: {
    title: 'a record cannot be read',
    explain:
      'The bytes of an event, or of a job in a snapshot, break the rules of their format although their checksum ' +
      'is right. A healthy walq never writes such a record: either the file was made by something else, or there ' +
      'is a bug. Other records are not affected.',
    next: 'walq wal inspect STORE -o hex around the seq; walq wal verify STORE',
  },
  E_RECORD_NEWER: {
    title: 'a record was written by a newer walq',
    explain:
      'The log or snapshot holds an event, or a field that must not be ignored, that this version does not know. ' +
      'Nothing is damaged. Going on without it would give a wrong state, so the store is not opened.',
    next: 'use the walq version that wrote the store, or a newer one',
  },
  E_APPLY: {
    title: 'an event does not fit the state',
    explain:
      'Replay came to an event that cannot happen to the job as it is by then, such as an ACK of a job that was ' +
      'never dispatched. Before an event is written it is checked against the state, so a complete log cannot hold ' +
      'one: events before it are missing, or the log was put together by hand.',
    next: 'walq wal verify STORE --deep; walq wal replay STORE --until SEQ shows the state just before it',
  },
  E_FIELD: {
    title: 'a value does not fit into a record',
    explain:
      'A text is too long, holds a NUL character or is not well-formed Unicode, or a number is out of range for ' +
      'the format. Nothing was written.',
    next: 'shorten or correct the value that the message names',
  },
  E_OPTION: {
    title: 'an option of the library is none, or has a value that is not allowed',
    explain:
      'An option that openQueue or a method of the queue does not know is refused: one that is misspelled would be lost ' +
      'without a word. So are what is no object of options, such as null, and values of another kind, such as a text for ' +
      'a list of names. Nothing was opened, begun or changed.',
    next: 'Correct the option that the message names; docs/library.md and the types list what is allowed.',
  },
  E_JOB: {
    title: 'a job has a value that is not allowed',
    explain:
      'The message names the field: id, name, payload, priority, attempts, timeout, delay, at, command, or a key ' +
      'that no job has. Nothing was enqueued; of several jobs in one batch none was.',
    next: 'correct the field; walq queue enqueue --help lists what is allowed',
  },
  E_CYCLE: {
    title: 'jobs wait for each other in a circle',
    explain: 'Jobs enqueued together may run after one another, but not in a circle: none of them could ever begin.',
    next: "take one 'after' out of the circle that the message shows",
  },
  E_PARENT_UNKNOWN: {
    title: 'a job is to run after one that is not there',
    explain:
      'A job may only wait for jobs that are in the queue, or enqueued together with it. A finished job that was ' +
      'pruned or removed is not there any more. Nothing was enqueued.',
    next: 'walq queue list shows the jobs that are there',
  },
  E_PARENT_DEAD: {
    title: 'a job waits for one that is dead',
    explain: 'A job runs after its parents have completed, which a dead one never does unless it is retried.',
    next: 'walq queue retry PARENT; jobs that died because it did come back with it',
  },
  E_HAS_CHILDREN: {
    title: 'other jobs wait for this one',
    explain: 'Removed or replaced, the job would leave them waiting for ever. Cancelled, it takes them with it.',
    next: 'walq queue cancel ID, or remove the jobs that wait first',
  },
  E_QUEUE_FULL: {
    title: 'the queue is full',
    explain: 'So many jobs wait as its limit allows. Nothing of this request was enqueued.',
    next: 'walq queue limit shows the limit, walq queue limit --max-pending N changes it',
  },
  E_LEASE_OVER: {
    title: 'the lease is over',
    explain:
      'No job is leased under this token: it was acknowledged or failed before, was cancelled, or its time ran out ' +
      'and the job was given to somebody else. Whoever comes too late changes nothing.',
    next: 'walq queue show ID says what became of the job; take with a longer --lease, or extend in time',
  },
  E_NO_RUNNER: {
    title: 'no runner works on this queue',
    explain: 'The command is a word to a running walq queue run, and none answers on the socket of this store.',
    next: "walq queue run --exec 'CMD' --drain works off what is there",
  },
  E_SCHEDULE: {
    title: 'not a schedule',
    explain:
      "A schedule fires by a cron expression ('0 3 * * *', six fields with seconds first) in a time zone, or every " +
      'so long. The message says what is wrong with it.',
    next: "walq queue schedule add nightly --cron '0 3 * * *' --zone Europe/Berlin -d '{}'",
  },
  E_SCHEDULE_UNKNOWN: {
    title: 'no such schedule',
    explain: 'Schedules have names of their own; jobs that they made are named NAME@TIME.',
    next: 'walq queue schedule list',
  },
  E_BACKOFF: {
    title: 'not a backoff',
    explain:
      "How long a failed job waits is written as 'none', 'fixed:10s' or 'exp:1s..5m*2~0.5': from 1 second up to 5 " +
      'minutes, doubling, each delay shortened at random by up to half.',
    next: "use one of these forms, such as --backoff 'exp:1s..5m'",
  },
  E_COMMAND_FORBIDDEN: {
    title: 'jobs of this input must not bring their own command',
    explain:
      'A job that carries a command makes whoever wrote the input able to run programs as you. So commands are ' +
      'taken from the command line, and from files and standard input only when you say so.',
    next: 'if you trust whoever wrote it, add --allow-commands',
  },
  E_ATTEMPT_OVER: {
    title: 'the attempt is over already',
    explain:
      'The verdict came for an attempt that is no longer the current one of its job: it was answered before, ran ' +
      'into its timeout, or was given back when its runner died. The job goes on by what was decided first; this ' +
      'verdict changed nothing. The work itself may have been done twice.',
    next: 'walq queue show ID lists all attempts',
  },
  E_JOB_UNKNOWN: {
    title: 'there is no such job',
    explain:
      'No job has this id in the state of the store: it was never enqueued here, or it had finished and was pruned.',
    next: 'walq wal inspect STORE --job ID shows what the log still knows of it',
  },
  E_WAIT_TIMEOUT: {
    title: 'jobs were not finished in time',
    explain:
      'queue wait gave up after --timeout, or waitFor of the library after its timeout. Both only watch: the jobs are as ' +
      'they were, and nothing is lost by asking again.',
    next: 'walq queue list shows what each job waits for.',
  },
  E_JOB_STATE: {
    title: 'the job is in another state',
    explain:
      'The operation is for jobs in another state: only dead jobs are retried by hand, only finished jobs are ' +
      'pruned. Nothing was changed.',
    next: 'walq queue show ID',
  },
  E_PRUNE: {
    title: 'prune was not told what to remove',
    explain:
      'Finished jobs are removed by id, by age, or down to a number to keep: exactly one of these must be given.',
    next: 'for example: walq queue prune --older-than 7d',
  },
  E_CONTROL_OP: {
    title: 'the runner does not know the request',
    explain: 'Another walq holds the queue, and it is of a version that lacks this operation. Nothing was changed.',
    next: 'Stop the runner and start it again with this version.',
  },
  E_CONTROL_BODY: {
    title: 'a request to the runner is malformed',
    explain: 'A field of the request is missing or of another kind than the runner expects. Nothing was changed.',
    next: 'Use the same version of walq in both shells; other programs follow the control protocol.',
  },
  E_MODULE: {
    title: 'the module with the handlers cannot be used',
    explain:
      'The file of --module is not there, has an error in it, or does not export by default a function or an object of ' +
      'functions. Nothing was begun.',
    next: 'node FILE shows an error in it; docs/handlers.md shows what it has to export.',
  },
  E_MODULE_TYPE: {
    title: 'the module is of a kind that this Node does not load',
    explain:
      'A module is a file that ends in .mjs, .js or .cjs, or in .ts where Node strips types by itself, from 22.18 on.',
    next: 'Compile it to JavaScript, or use a newer Node.',
  },
  E_METRICS_BIND: {
    title: 'the address for metrics cannot be used',
    explain:
      'queue run was told to answer with metrics there, and cannot listen on it: another program does, the address is ' +
      'none of this machine, or the name is unknown. No job was begun.',
    next: 'walq queue run --metrics-port with another port; 0 takes one that is free',
  },
};

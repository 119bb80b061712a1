import type { CodeCatalogue } from '../base/errors.ts';

/** Codes of the queue: its records, state, operations and the values people give it. */
export const queueCodes = {
  E_RECORD: {
    title: 'a record cannot be read',
    explain:
      'The bytes of an event, or of a job in a snapshot, break the rules of their format although their checksum is right. A healthy walq never writes such a record: something else made the file, or there is a bug. Other records are not affected.',
    next: 'walq wal inspect STORE -o hex shows the bytes around the seq; walq wal verify STORE shows every fault.',
  },
  E_RECORD_NEWER: {
    title: 'a record was written by a newer walq',
    explain:
      'The log or snapshot holds an event that this version does not know, or a field that must not be ignored. Nothing is damaged. Going on without it would give a wrong state, so the store is not opened.',
    next: 'Use the version of walq that wrote the store, or a newer one.',
  },
  E_APPLY: {
    title: 'an event does not fit the state',
    explain:
      'Replay came to an event that cannot happen to the job in its state, such as an ACK of a job that was never dispatched. Events are checked against the state before they are written, so a complete log cannot hold one: events before it are missing, or the log was put together by hand.',
    next: 'walq wal verify STORE --deep shows all faults; walq wal replay STORE --until SEQ shows the state just before it.',
  },
  E_FIELD: {
    title: 'a value does not fit into a record',
    explain:
      'A text is too long, contains a NUL character or is not well-formed Unicode, or a number is out of range for the format. Nothing was written.',
    next: 'Shorten or correct the value that the message names.',
  },
  E_OPTION: {
    title: 'an option of the library is unknown, or its value is not allowed',
    explain:
      'An option that openQueue or a method of the queue does not know is refused: a misspelled one would otherwise be ' +
      'ignored without a word. So is what is not an object of options, such as null, and a value of another kind, ' +
      'such as a text for a list of names. Nothing was opened, begun or changed.',
    next: 'Correct the option that the message names; docs/library.md and the types list what is allowed.',
  },
  E_JOB: {
    title: 'a job has a value that is not allowed',
    explain:
      'The message names the field: id, name, payload, priority, attempts, timeout, delay, at, command, or a key that no job has. Nothing was enqueued; of a batch, none of its jobs.',
    next: 'Correct the field; walq queue enqueue --help lists what is allowed.',
  },
  E_CYCLE: {
    title: 'jobs wait for each other in a circle',
    explain:
      'Jobs enqueued together may run after one another, but not in a circle: none of them could ever begin. Nothing of the batch was enqueued.',
    next: "Remove one 'after' from the circle that the message shows.",
  },
  E_PARENT_UNKNOWN: {
    title: 'a job is to run after one that does not exist',
    explain:
      'A job can only wait for jobs that are in the queue or are enqueued together with it. A finished job that was pruned or removed is no longer there. Nothing was enqueued.',
    next: 'walq queue list shows the jobs that are there.',
  },
  E_PARENT_DEAD: {
    title: 'a job waits for one that is dead',
    explain: 'A job runs once its parents have completed. A dead one never will, unless you retry it.',
    next: 'walq queue retry PARENT brings it back, with the jobs that died because of it.',
  },
  E_HAS_CHILDREN: {
    title: 'other jobs wait for this one',
    explain: 'If this job were removed or replaced, they would wait for ever. If it is cancelled, they die with it.',
    next: 'walq queue cancel ID, or remove the jobs that wait first.',
  },
  E_QUEUE_FULL: {
    title: 'the queue is full',
    explain: 'As many jobs wait as the limit of the queue allows. Nothing of this request was enqueued.',
    next: 'walq queue limit shows the limit, walq queue limit --max-pending N changes it.',
  },
  E_LEASE_OVER: {
    title: 'the lease is over',
    explain:
      'No job is leased under this token: it was acknowledged or failed before, was cancelled, or its time ran out and the job was given to somebody else. Your answer came too late and changed nothing.',
    next: 'walq queue show ID says what became of the job. Take with a longer --lease, or extend it in time.',
  },
  E_NO_RUNNER: {
    title: 'no runner works on this queue',
    explain:
      'The command speaks to a running walq queue run, and none answers on the socket of this store. Nothing was changed.',
    next: "walq queue run --exec 'CMD' --drain works off what is there.",
  },
  E_SCHEDULE: {
    title: 'not a valid schedule',
    explain:
      "A schedule fires by a cron expression ('0 3 * * *'; with six fields, seconds come first) in a time zone, or at a fixed interval. The message says what is wrong with it.",
    next: "For example: walq queue schedule add nightly --cron '0 3 * * *' --zone Europe/Berlin -d '{}'",
  },
  E_SCHEDULE_UNKNOWN: {
    title: 'no such schedule',
    explain: 'Schedules have names of their own; the jobs they make are named NAME@TIME.',
    next: 'walq queue schedule list shows them.',
  },
  E_BACKOFF: {
    title: 'not a valid backoff',
    explain:
      "The wait after a failed attempt is written as 'none', 'fixed:10s' or 'exp:1s..5m*2~0.5': from 1 second up to 5 minutes, doubling, each delay shortened at random by up to half.",
    next: "Use one of these forms, such as --backoff 'exp:1s..5m'.",
  },
  E_COMMAND_FORBIDDEN: {
    title: 'jobs of this input may not bring their own command',
    explain:
      'Whoever writes a job that carries a command can run programs as you. So walq takes commands from its command line, but from files and standard input only when you say so.',
    next: 'If you trust whoever wrote the input, add --allow-commands.',
  },
  E_ATTEMPT_OVER: {
    title: 'the attempt is over already',
    explain:
      'The verdict is about an attempt that is no longer the current one of its job: it had been answered, had timed out, or had been given back when its runner died. What was decided first holds; this verdict changed nothing. The work itself may have been done twice.',
    next: 'walq queue show ID lists all attempts.',
  },
  E_JOB_UNKNOWN: {
    title: 'there is no such job',
    explain:
      'The queue has no job with this id: it was never enqueued here, or it finished and was pruned, or it was removed.',
    next: 'walq wal inspect STORE --job ID shows what the log still knows of it.',
  },
  E_WAIT_TIMEOUT: {
    title: 'jobs were not finished in time',
    explain:
      'queue wait, or waitFor of the library, gave up when its timeout had passed. Both only watch: the jobs are as they were, and you may wait again.',
    next: 'walq queue list shows what each job waits for.',
  },
  E_JOB_STATE: {
    title: 'the job is in another state',
    explain:
      'The operation does not apply to jobs in this state: only dead jobs can be retried, only finished ones pruned, and so on. Nothing was changed.',
    next: 'walq queue show ID shows its state.',
  },
  E_PRUNE: {
    title: 'prune was not told what to remove',
    explain:
      'Finished jobs are removed by id, by age, or down to a number to keep. Give exactly one of these; states only beside an age or a number.',
    next: 'For example: walq queue prune --older-than 7d, or --keep 1000',
  },
  E_CONTROL_OP: {
    title: 'the runner does not know the request',
    explain: 'Another walq has the queue, and its version does not have this operation. Nothing was changed.',
    next: 'Stop the runner and start it again with this version.',
  },
  E_CONTROL_BODY: {
    title: 'a request to the runner is malformed',
    explain: 'A field of the request is missing or of another type than the runner expects. Nothing was changed.',
    next: 'Use the same version of walq in both shells; other programs must follow docs/socket.md.',
  },
  E_MODULE: {
    title: 'the module with the handlers cannot be used',
    explain:
      'The file of --module does not exist, has an error in it, or its default export is neither a function nor an object of functions. Nothing was begun.',
    next: 'node FILE shows an error in it; docs/handlers.md shows what it must export.',
  },
  E_MODULE_TYPE: {
    title: 'this Node cannot load a module of this kind',
    explain:
      'The file must end in .mjs, .js or .cjs, or in .ts if Node strips types by itself (from 22.18 on). Nothing was begun.',
    next: 'Compile it to JavaScript, or use a newer Node.',
  },
  E_METRICS_BIND: {
    title: 'the address for metrics cannot be used',
    explain:
      'queue run cannot listen on this address: another program does, it is no address of this machine, or the name is unknown. No job was begun.',
    next: 'Choose another port with --metrics-port; 0 takes a free one.',
  },
} satisfies CodeCatalogue;

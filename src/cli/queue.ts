import { type Command, Option } from 'commander';
import { parseBytes, parseDuration } from '../base/duration.ts';
import { usageError } from '../base/errors.ts';
import { answers, examples, lockTimeoutOption, outputOption, type Parsed, wholeNumber } from './command.ts';

const duration = (flag: string) => (text: string) => parseDuration(text, flag);

export function addQueueGroup(program: Command, parsed: Parsed): void {
  const queue = program.command('queue').description('a durable job queue on the store: on disk before the answer');
  addEnqueue(queue, parsed);
  addRun(queue, parsed);
  addStatus(queue, parsed);
}

function addEnqueue(queue: Command, parsed: Parsed): void {
  const command = queue
    .command('enqueue')
    .description('put jobs into the queue; the answer comes when they are on disk')
    .argument('[name]', 'name of the job (default: default)')
    .argument('[command...]', 'after --: a command the job carries, run under queue run --commands')
    .option('-d, --data <json>', 'payload')
    .option('-f, --file <file>', 'jobs as a JSON array or NDJSON; - for standard input')
    .option('--lines', 'each line of the file, or of standard input, is a payload')
    .option('--id <id>', 'id of the job; one that is there already is a duplicate and changes nothing')
    .option('--priority <number>', 'higher runs first (default: 0)', signedNumber('--priority'))
    .option('--attempts <count>', 'attempts at most (default: 3)', wholeNumber('--attempts', 1))
    .option('--timeout <time>', 'of one attempt, such as 30s (default: none)', duration('--timeout'))
    .option('--delay <time>', 'not before this long from now', duration('--delay'))
    .option('--at <time>', 'not before this time, such as 2026-09-01T03:00Z')
    .option('--backoff <spec>', 'none, fixed:10s, or exp:1s..5m*2~0.5 (the default)')
    .option('--allow-commands', 'take commands from the jobs of --file')
    .option('-q, --quiet', 'print nothing but errors')
    .addOption(lockTimeoutOption());
  examples(command, {
    'walq queue enqueue mail -d \'{"to":"a@b.c"}\'': 'one job',
    'walq queue enqueue -f jobs.json': 'many, in one answer',
    'walq queue enqueue -- convert in.png out.jpg': 'a command, for queue run --commands',
  });
  answers(command, parsed, { kind: 'queue.enqueue', load: async () => (await import('./queue/enqueue.ts')).enqueue });
}

function addRun(queue: Command, parsed: Parsed): void {
  const command = queue
    .command('run')
    .description('take jobs and run them, each as a child process, until stopped')
    .option('--exec <command>', 'shell line that runs a job; it gets the payload on standard input (docs/handlers.md)')
    .option('--commands', 'run the commands that jobs carry')
    .option('-j, --workers <count>', 'jobs at a time', workerCount, 4)
    .option('--drain', 'end when nothing is left to run; exit 1 if a job ended dead')
    .addOption(
      new Option('--task-timeout <time>', 'for jobs without a timeout of their own; 0s for none')
        .argParser(duration('--task-timeout'))
        .default(0, 'none'),
    )
    .addOption(
      new Option('--kill-after <time>', 'between SIGTERM and SIGKILL')
        .argParser(duration('--kill-after'))
        .default(5000, '5s'),
    )
    .addOption(
      new Option('--grace <time>', 'how long a stop waits for running jobs')
        .argParser(duration('--grace'))
        .default(30_000, '30s'),
    )
    .addOption(
      new Option('--snapshot-interval <time>', 'write a snapshot this often; 0s for never')
        .argParser(duration('--snapshot-interval'))
        .default(30_000, '30s'),
    )
    .option(
      '--snapshot-every <events>',
      'and after so many events; 0 for never',
      wholeNumber('--snapshot-every', 0),
      100_000,
    )
    .option('--keep <count>', 'snapshots to keep; the log goes back to the oldest of them', wholeNumber('--keep', 1), 2)
    .option('--segment-size <bytes>', 'of one log file (default: 64MiB)', (text) => parseBytes(text, '--segment-size'))
    .option('--crashes <count>', 'a job whose runner died this many times is dead', wholeNumber('--crashes', 1), 3)
    .addOption(
      new Option('--orphans <what>', 'children of a killed runner that still run')
        .choices(['kill', 'ignore'])
        .default('kill'),
    )
    .option('-q, --quiet', 'do not report each job')
    .addOption(lockTimeoutOption())
    .addHelpText(
      'after',
      '\nFirst INT or TERM: no new jobs, running ones have --grace. Second: they are killed; their jobs go back.',
    );
  examples(command, {
    "walq queue run --exec './send-mail.sh'": 'until stopped',
    'walq queue run --commands --drain': 'until nothing is left',
  });
  answers(command, parsed, { kind: 'queue.run', load: async () => (await import('./queue/run.ts')).run });
}

function addStatus(queue: Command, parsed: Parsed): void {
  const command = queue
    .command('status')
    .description('jobs by state, the runner, and the health of the store')
    .addOption(outputOption(['text', 'json'], 'text'));
  answers(command, parsed, { kind: 'queue.status', load: async () => (await import('./queue/status.ts')).status });
}

function signedNumber(flag: string): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^-?\d+$/.test(text) && Number.isSafeInteger(value)) return value;
    throw usageError('E_USAGE', `${flag}: '${text}' is not allowed; give a whole number`);
  };
}

const workersMax = 1024;

function workerCount(text: string): number {
  const workers = wholeNumber('--workers', 1)(text);
  if (workers <= workersMax) return workers;
  throw usageError('E_USAGE', `--workers: ${text} is too many; at most ${workersMax}`);
}

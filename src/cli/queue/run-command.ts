import { availableParallelism } from 'node:os';
import { type Command, Option } from 'commander';
import { usageError } from '../../base/errors.ts';
import { parseBytes } from '../../base/size.ts';
import { answers, durationOf, lockTimeoutOption, type Parsed, wholeNumber } from '../command.ts';

export function addRun(queue: Command, parsed: Parsed): void {
  const command = queue
    .command('run')
    .description('take jobs and run them, until stopped')
    .addHelpText(
      'after',
      '\nFirst INT, TERM or HUP (not under nohup): no new jobs, running ones have --grace.\n' +
        'Second INT or TERM: running ones are killed; their jobs go back.\n' +
        'A stop that ended a running job, or left --drain with jobs to run, exits with 129, 130 or 143.',
    );
  addHandlerOptions(command);
  addWorkOptions(command);
  addStoreOptions(command);
  command
    .optionsGroup('Options:')
    .option('-c, --config <file>', 'flags from a YAML file, by their long names; the command line wins')
    .option('-q, --quiet', 'do not report each job');
  // A file of flags is read between the parse and the run, as if they had been typed.
  command.hook('preAction', async () => {
    const { config } = command.opts<{ config?: string }>();
    if (config !== undefined) await (await import('./run-config.ts')).applyConfig(command, config);
  });
  answers(command, parsed, { kind: 'queue.run', load: async () => (await import('./run.ts')).run });
}

function addHandlerOptions(command: Command): void {
  command
    .optionsGroup('What runs a job, one of (docs/handlers.md):')
    .option('--exec <command>', 'shell line, started for each job; it gets the payload on standard input')
    .option('--stream <command>', 'shell line of a long-lived process: one job per line in, one verdict per line out')
    .option(
      '--per-process <count>',
      'of the --workers, in one process of --stream (default: 1)',
      wholeNumber('--per-process', 1),
    )
    .option('--module <file>', 'functions of a JavaScript module')
    .option('--isolate', 'run each job of --module in its own thread')
    .option('--commands', 'the commands that jobs carry');
}

function addWorkOptions(command: Command): void {
  command
    .optionsGroup('Running:')
    .addOption(
      new Option('-j, --workers <count>', 'jobs at a time; auto for one per core')
        .argParser(workerCount)
        .default(4, '4'),
    )
    .option(
      '--group-limit <count>',
      'of them of each group without a limit of its own',
      wholeNumber('--group-limit', 1),
    )
    .option(
      '--drain',
      'end when nothing is left to run or out on a lease; exit 1 if a job ended dead, of whatever cause',
    )
    .option('--halt <dead=count>', 'stop once this many jobs have used up their attempts; exit 1', haltCount)
    .addOption(timeOption('--task-timeout <time>', 'for jobs without a timeout of their own; 0s for none', 0, 'none'))
    .addOption(timeOption('--kill-after <time>', 'between SIGTERM and SIGKILL', 5000, '5s'))
    .addOption(timeOption('--grace <time>', 'how long a stop waits for running jobs', 30_000, '30s'))
    .option('--crashes <count>', 'a job is dead once its runner died this many times', wholeNumber('--crashes', 1), 3)
    .addOption(
      new Option('--orphans <what>', 'children of a killed runner that still run')
        .choices(['kill', 'ignore'])
        .default('kill'),
    );
}

function addStoreOptions(command: Command): void {
  command
    .optionsGroup('Store and metrics:')
    .addOption(timeOption('--snapshot-interval <time>', 'write a snapshot this often; 0s for never', 30_000, '30s'))
    .option(
      '--snapshot-every <events>',
      'and after this many events, with a rest in between; 0 for never',
      wholeNumber('--snapshot-every', 0),
      100_000,
    )
    .option('--keep <count>', 'snapshots to keep; the log goes back to the oldest of them', wholeNumber('--keep', 1), 2)
    .option('--segment-size <bytes>', 'of one log file (default: 64MiB)', (text) => parseBytes(text, '--segment-size'))
    .addOption(lockTimeoutOption())
    .option('--metrics <host:port>', 'serve metrics for Prometheus at this address', metricsAddress)
    .option('--metrics-port <port>', 'the same on 127.0.0.1', (text) => portOf('--metrics-port', text));
}

/** A new option for each command: commander keeps state in it. */
function timeOption(flags: string, description: string, standard: number, shown: string): Option {
  const [flag = flags] = flags.split(' ');
  return new Option(flags, description).argParser(durationOf(flag)).default(standard, shown);
}

const workersMax = 1024;

function workerCount(text: string): number {
  if (text === 'auto') return availableParallelism();
  const workers = wholeNumber('--workers', 1)(text);
  if (workers <= workersMax) return workers;
  throw usageError('E_USAGE', `--workers: ${text} is too many; at most ${workersMax}`);
}

function haltCount(text: string): number {
  const [what, count = ''] = text.split('=');
  if (what === 'dead' && /^[1-9]\d{0,8}$/.test(count)) return Number(count);
  throw usageError('E_USAGE', `--halt: '${text}' is not allowed; give dead=COUNT, such as dead=10`);
}

function metricsAddress(text: string): { host: string; port: number } {
  const { host, port } = /^(?<host>\[[^\]]+\]|[^:]*):(?<port>\d+)$/.exec(text)?.groups ?? {};
  if (host === undefined || port === undefined) {
    throw usageError('E_USAGE', `--metrics: '${text}' is not allowed; give HOST:PORT, such as 127.0.0.1:9090`);
  }
  return { host: host.replace(/^\[|\]$/g, '') || '127.0.0.1', port: portOf('--metrics', port) };
}

function portOf(flag: string, text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw usageError('E_USAGE', `${flag}: '${text}' is no port; give a number from 0 to 65535`);
}

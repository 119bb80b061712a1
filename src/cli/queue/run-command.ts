import { type Command, Option } from 'commander';
import { usageError } from '../../base/errors.ts';
import { parseBytes } from '../../base/size.ts';
import { answers, durationOf, examples, lockTimeoutOption, type Parsed, wholeNumber } from '../command.ts';

export function addRun(queue: Command, parsed: Parsed): void {
  const command = queue
    .command('run')
    .description('take jobs and run them, each as a child process, until stopped')
    .option('--exec <command>', 'shell line that runs a job; it gets the payload on standard input (docs/handlers.md)')
    .option('--commands', 'run the commands that jobs carry')
    .option('-j, --workers <count>', 'jobs at a time', workerCount, 4)
    .option('--drain', 'end when nothing is left to run; exit 1 if a job ended dead')
    .addOption(
      new Option('--task-timeout <time>', 'for jobs without a timeout of their own; 0s for none')
        .argParser(durationOf('--task-timeout'))
        .default(0, 'none'),
    )
    .addOption(
      new Option('--kill-after <time>', 'between SIGTERM and SIGKILL')
        .argParser(durationOf('--kill-after'))
        .default(5000, '5s'),
    )
    .addOption(
      new Option('--grace <time>', 'how long a stop waits for running jobs')
        .argParser(durationOf('--grace'))
        .default(30_000, '30s'),
    )
    .addOption(
      new Option('--snapshot-interval <time>', 'write a snapshot this often; 0s for never')
        .argParser(durationOf('--snapshot-interval'))
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
  answers(command, parsed, { kind: 'queue.run', load: async () => (await import('./run.ts')).run });
}

const workersMax = 1024;

function workerCount(text: string): number {
  const workers = wholeNumber('--workers', 1)(text);
  if (workers <= workersMax) return workers;
  throw usageError('E_USAGE', `--workers: ${text} is too many; at most ${workersMax}`);
}

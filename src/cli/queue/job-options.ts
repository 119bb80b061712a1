import { type Command, Option } from 'commander';
import { durationOf, list, signedNumber, wholeNumber } from '../command.ts';

/** Flags that say how a job is to be run. Several commands have them; this file is read at every start. */

/** `standards`: what holds without the flag is said too. */
export function addRunFlags(command: Command, standards: boolean): Command {
  const standard = (text: string): string => (standards ? ` (default: ${text})` : '');
  return command
    .option('-d, --data <json>', 'payload')
    .option('--priority <number>', `higher runs first${standard('0')}`, signedNumber('--priority'))
    .option('--attempts <count>', `attempts at most${standard('3')}`, wholeNumber('--attempts', 1))
    .option('--timeout <time>', `of one attempt, such as 30s${standard('none')}`, durationOf('--timeout'))
    .option('--backoff <spec>', `none, fixed:10s, or exp:1s..5m*2~0.5${standards ? ' (the default)' : ''}`)
    .option('--group <name>', 'jobs of a group share its limits and take turns with other groups')
    .option('--expire <time>', 'dead if no attempt has begun after this long', durationOf('--expire'));
}

export function addTimeFlags(command: Command): Command {
  return command
    .option('--delay <time>', 'not before this long from now', durationOf('--delay'))
    .option('--at <time>', 'not before this time, such as 2026-09-01T03:00Z');
}

export function addTieFlags(command: Command): Command {
  return command
    .option('--after <ids>', 'run when these jobs have completed: ID,ID,... (repeatable)', list)
    .option('--key <key>', 'at most one unfinished job has this key')
    .addOption(
      new Option(
        '--key-mode <mode>',
        'when the key is taken: keep the other job, or replace it while it waits (default: skip)',
      ).choices(['skip', 'replace']),
    )
    .option('--key-ttl <time>', 'the key stays taken at least this long, even after the job', durationOf('--key-ttl'));
}

import type { Command } from 'commander';
import {
  answers,
  durationOf,
  examples,
  lockTimeoutOption,
  type Parsed,
  signedNumber,
  wholeNumber,
} from '../command.ts';

export function addEnqueue(queue: Command, parsed: Parsed): void {
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
    .option('--timeout <time>', 'of one attempt, such as 30s (default: none)', durationOf('--timeout'))
    .option('--delay <time>', 'not before this long from now', durationOf('--delay'))
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
  answers(command, parsed, { kind: 'queue.enqueue', load: async () => (await import('./enqueue.ts')).enqueue });
}

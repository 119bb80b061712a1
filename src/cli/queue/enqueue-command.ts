import { type Command, Option } from 'commander';
import { answers, lockTimeoutOption, type Parsed, wholeNumber } from '../command.ts';
import { addRunFlags, addTieFlags, addTimeFlags } from './job-options.ts';

export function addEnqueue(queue: Command, parsed: Parsed): void {
  const command = queue
    .command('enqueue')
    .description('put jobs into the queue; the answer comes when they are on disk')
    .argument('[name]', 'name of the job (default: default)')
    .argument('[command...]', 'after --: a command the job carries, run under queue run --commands')
    .option('-f, --file <file>', 'jobs as a JSON array or NDJSON; - for standard input')
    .option('--lines', 'each line of the file, or of standard input, is a payload, as text')
    .option('--id <id>', 'id of the job; an id that exists already is a duplicate and changes nothing');
  addTimeFlags(addRunFlags(command, true)).option(
    '--payload-file <file>',
    'payload, from a file; - for standard input',
  );
  command.option(
    '--group-limit <count>',
    'jobs of the group at work at a time, from now on; 0 for no limit',
    wholeNumber('--group-limit', 0),
  );
  addTieFlags(command)
    .addOption(
      new Option('--on-error <what>', 'at a bad record of the input: stop, or skip it and exit with 1 at the end')
        .choices(['stop', 'skip'])
        .default('stop'),
    )
    .option('--allow-commands', 'take commands from the jobs of --file')
    .option('-q, --quiet', 'print nothing but errors')
    .addOption(lockTimeoutOption());
  answers(command, parsed, { kind: 'queue.enqueue', load: async () => (await import('./enqueue.ts')).enqueue });
}

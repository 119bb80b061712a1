import { type Command, Option } from 'commander';
import { answers, durationOf, list, lockTimeoutOption, type Parsed, wholeNumber } from '../command.ts';
import { deadGroup } from './dead-group.ts';
import { addRunFlags, addTimeFlags } from './job-options.ts';

/** Commands that change jobs that are in the queue. */
export function addChangeCommands(queue: Command, parsed: Parsed): void {
  addByHand(queue, parsed);
  addRemove(queue, parsed);
  addRetry(queue, parsed);
  addPrune(queue, parsed);
  addDrain(queue, parsed);
  addImport(queue, parsed);
}

function addByHand(queue: Command, parsed: Parsed): void {
  const cancel = queue
    .command('cancel')
    .description('cancel jobs that wait or run: they die, with the jobs that wait for them')
    .argument('<ids...>', 'jobs')
    .option('--reason <text>', 'why, for people')
    .addOption(lockTimeoutOption());
  answers(cancel, parsed, { kind: 'queue.cancel', load: async () => (await import('./change.ts')).cancel });

  const update = queue
    .command('update')
    .description('change jobs that wait; what you do not name stays')
    .argument('<ids...>', 'jobs');
  addTimeFlags(addRunFlags(update, false)).addOption(lockTimeoutOption());
  answers(update, parsed, { kind: 'queue.update', load: async () => (await import('./change.ts')).update });

  const promote = queue
    .command('promote')
    .description('let jobs that wait for their time, or after a failure, run now')
    .argument('<ids...>', 'jobs')
    .addOption(lockTimeoutOption());
  answers(promote, parsed, { kind: 'queue.promote', load: async () => (await import('./change.ts')).promote });
}

function addRemove(queue: Command, parsed: Parsed): void {
  const remove = queue
    .command('rm')
    .description('forget jobs that nobody works on and no other job waits for')
    .argument('[ids...]', 'jobs')
    .option('--all', 'all of them')
    .option('--name <name>', 'with --all: those of this name')
    .option('--group <group>', 'with --all: those of this group')
    .option('--yes', 'do not ask')
    .addOption(lockTimeoutOption());
  answers(remove, parsed, { kind: 'queue.rm', load: async () => (await import('./change.ts')).remove });
  const dead = deadGroup(queue)
    .command('rm')
    .description('forget dead jobs')
    .argument('[ids...]', 'jobs')
    .option('--all', 'all of them')
    .option('--yes', 'do not ask')
    .addOption(lockTimeoutOption());
  answers(dead, parsed, { kind: 'queue.dead.rm', load: async () => (await import('./change.ts')).removeDead });
}

function addRetry(queue: Command, parsed: Parsed): void {
  const retryOf = (command: Command): Command =>
    command
      .description('let dead jobs run again, with those that died because of them')
      .argument('[ids...]', 'jobs')
      .option('--all', 'all dead jobs')
      .option('--name <name>', 'all dead jobs of this name')
      .option('--group <group>', 'all dead jobs of this group')
      .option('--reset-attempts', 'count attempts from 0 again; else each has one more')
      .addOption(lockTimeoutOption());
  const load = async () => (await import('./change.ts')).retry;
  answers(retryOf(queue.command('retry')), parsed, { kind: 'queue.retry', load });
  answers(retryOf(deadGroup(queue).command('retry')), parsed, { kind: 'queue.dead.retry', load });
}

function addPrune(queue: Command, parsed: Parsed): void {
  const prune = queue
    .command('prune')
    .description('forget finished jobs: by id, by age, or down to a number')
    .argument('[ids...]', 'finished jobs')
    .option('--older-than <time>', 'those that ended longer ago than this, such as 7d', durationOf('--older-than'))
    .option('--keep <count>', 'all but the newest <count>', wholeNumber('--keep', 0))
    .option('--state <states>', 'completed, dead, or both with a comma (default: completed)', list)
    .option('--dry-run', 'say how many would go, change nothing')
    .addOption(lockTimeoutOption());
  answers(prune, parsed, { kind: 'queue.prune', load: async () => (await import('./prune.ts')).prune });
}

function addDrain(queue: Command, parsed: Parsed): void {
  const drain = queue.command('drain').description('ask the runner to work off all jobs and end; waits until it has');
  answers(drain, parsed, { kind: 'queue.drain', load: async () => (await import('./drain.ts')).drain });
}

function addImport(queue: Command, parsed: Parsed): void {
  const command = queue
    .command('import')
    .description('put the jobs of a queue export into the queue, with their ids; finished ones are left out')
    .argument('<file>', 'NDJSON as queue export writes it; - for standard input')
    .option('--all', 'finished ones too: they run again')
    .option('--allow-commands', 'take commands from the jobs')
    .addOption(
      new Option('--on-error <what>', 'at a bad line: stop, or skip it and exit with 1 at the end')
        .choices(['stop', 'skip'])
        .default('stop'),
    )
    .addOption(lockTimeoutOption());
  answers(command, parsed, { kind: 'queue.import', load: async () => (await import('./import.ts')).importQueue });
}

import { type Command, Option } from 'commander';
import { jobSorts } from '../../commands/queue/job-sorts.ts';
import {
  answers,
  durationOf,
  expressionHelp,
  followOptions,
  list,
  outputOption,
  type Parsed,
  wholeNumber,
} from '../command.ts';
import { deadGroup } from './dead-group.ts';

/**
 * Commands that look at a queue and change nothing. They take no lock and write no byte: they read files, also beside a
 * runner, and ask that one only for what only it knows.
 */
export function addReadCommands(queue: Command, parsed: Parsed): void {
  addStatus(queue, parsed);
  addList(queue, parsed);
  addShow(queue, parsed);
  addEvents(queue, parsed);
  addLogs(queue, parsed);
  addWait(queue, parsed);
  addWatch(queue, parsed);
  addExport(queue, parsed);
  addDeadList(deadGroup(queue), parsed);
  addDeadShow(deadGroup(queue), parsed);
}

const jobFormats = ['table', 'text', 'ndjson', 'json', 'csv'];

function addStatus(queue: Command, parsed: Parsed): void {
  const command = queue
    .command('status')
    .description('jobs by state and phase, the runner, and the health of the store')
    .option(
      '--check <expression>',
      "fail unless this holds, such as 'dead = 0 and oldest_ready < 5m'; repeatable",
      gather,
    )
    .addOption(outputOption(['text', 'json'], 'text'))
    .addHelpText(
      'after',
      '\nChecks ask about pending, ready, in_flight, completed, dead, oldest_ready and more (docs/expressions.md).\n' +
        'Exit 1 when one does not hold.',
    );
  answers(command, parsed, { kind: 'queue.status', load: async () => (await import('./status.ts')).status });
}

/** Each use of the option adds one; unlike ids, a comparison may hold a comma. */
function gather(text: string, before: string[] | undefined): string[] {
  return [...(before ?? []), text];
}

function addFilters(command: Command): Command {
  return command
    .option('--name <names>', 'only jobs of these names', list)
    .option('--group <groups>', 'only jobs of these groups', list)
    .option('--key <keys>', 'only jobs with these unique keys', list)
    .option('--id-prefix <text>', 'only jobs whose id begins with this')
    .option('--where <expression>', "only jobs for which this holds, such as 'attempt > 2 and age > 1h'")
    .addHelpText('after', expressionHelp);
}

function addStates(command: Command): Command {
  return command
    .option('--state <states>', 'only pending, in_flight, completed or dead', list)
    .option('--phase <phases>', 'only these, such as ready,retrying,blocked,running,orphaned', list);
}

function addOrder(command: Command, standard: string): Command {
  return command
    .addOption(new Option('--sort <order>', 'in this order').choices([...jobSorts]).default(standard))
    .option('-r, --reverse', 'reverse the order')
    .option('-n, --limit <count>', 'at most this many', wholeNumber('--limit', 0))
    .addOption(new Option('--ids', 'print ids and nothing else').conflicts('output'))
    .addOption(outputOption(jobFormats, 'table'));
}

function addList(queue: Command, parsed: Parsed): void {
  const command = queue.command('list').description('jobs, each with what it waits for');
  addOrder(addFilters(addStates(command)), 'created').addHelpText(
    'after',
    '\nPhases are what a state is made of (docs/queue-look.md). Exit 1 when filters leave nothing.',
  );
  answers(command, parsed, { kind: 'queue.list', load: async () => (await import('./list.ts')).list });
}

function addShow(queue: Command, parsed: Parsed): void {
  const command = queue
    .command('show')
    .description('everything about one job: why it is where it is, and every attempt')
    .argument('<id>', 'id of the job')
    .option('--explain', 'its life as a timeline, where the time went, and what to do now')
    .addOption(outputOption(['text', 'json'], 'text'));
  answers(command, parsed, { kind: 'queue.show', load: async () => (await import('./show.ts')).show });
}

function addEvents(queue: Command, parsed: Parsed): void {
  const command = queue
    .command('events')
    .description('the events of the queue, as wal inspect shows them')
    .argument('[range]', 'A..B, A.., ..B or A; each a seq, @-10, @tail, @snap, a time or "5m ago"')
    .option('--job <ids>', 'only events of these jobs', list)
    .option('--type <types>', 'only events of these types, such as ACK,DEAD', list)
    .option('--grep <text>', 'only events whose text form contains this')
    .option('--where <expression>', `only events for which this holds, such as 'type = DEAD and exit != 1'`)
    .option('-n, --limit <count>', 'stop after this many events', wholeNumber('--limit', 0))
    .option('-r, --reverse', 'newest first')
    .addOption(outputOption(['text', 'table', 'ndjson', 'json', 'csv', 'hex'], 'text'));
  followOptions(command, 'wait for more events, until interrupted; without a range the last ten come first');
  command.addHelpText('after', expressionHelp);
  answers(command, parsed, { kind: 'queue.events', load: async () => (await import('./events.ts')).events });
}

function addLogs(queue: Command, parsed: Parsed): void {
  const command = queue
    .command('logs')
    .description('what the attempts at a job printed')
    .argument('<id>', 'id of the job')
    .option('-f, --follow', 'follow until the job is finished')
    .option('--attempt <number>', 'only this attempt', wholeNumber('--attempt', 1))
    .option('--raw', 'byte for byte, even to a terminal');
  answers(command, parsed, { kind: 'queue.logs', load: async () => (await import('./logs.ts')).logs });
}

function addWait(queue: Command, parsed: Parsed): void {
  const command = queue
    .command('wait')
    .description('wait until jobs are finished: exit 0 when all have completed, 1 when one is dead or missing')
    .argument('[ids...]', 'ids of jobs (default: until nothing is pending or in flight)')
    .option('--where <expression>', "the jobs for which this holds, such as 'name = mail and payload.batch = 7'")
    .option('--timeout <time>', 'give up after this long, with exit 1', durationOf('--timeout'))
    .option('-q, --quiet', 'print nothing but errors')
    .addHelpText('after', expressionHelp);
  answers(command, parsed, { kind: 'queue.wait', load: async () => (await import('./wait.ts')).wait });
}

function addWatch(queue: Command, parsed: Parsed): void {
  const command = queue
    .command('watch')
    .description('watch the queue work, on the whole terminal; in a pipe, one line whenever something has changed')
    .addOption(new Option('-o, --output <format>', 'lines, of this form').choices(['text', 'ndjson']));
  answers(command, parsed, { kind: 'queue.watch', load: async () => (await import('./watch.ts')).watch });
}

function addExport(queue: Command, parsed: Parsed): void {
  const command = queue
    .command('export')
    .description('the jobs as NDJSON, all as of one moment; queue import and queue enqueue -f take it');
  addFilters(addStates(command)).addHelpText(
    'after',
    '\nenqueue makes new jobs of all of them: add --state pending for those that have not run.',
  );
  answers(command, parsed, { kind: 'queue.export', load: async () => (await import('./export.ts')).exportJobs });
}

function addDeadList(dead: Command, parsed: Parsed): void {
  const command = dead.command('list').description('when and why jobs died');
  addOrder(addFilters(command), 'changed').addHelpText('after', '\nExit 1 when filters leave nothing.');
  answers(command, parsed, { kind: 'queue.dead.list', load: async () => (await import('./list.ts')).deadList });
}

function addDeadShow(dead: Command, parsed: Parsed): void {
  const command = dead
    .command('show')
    .description('everything about one dead job')
    .argument('<id>', 'id of the job')
    .addOption(outputOption(['text', 'json'], 'text'));
  answers(command, parsed, { kind: 'queue.dead.show', load: async () => (await import('./show.ts')).deadShow });
}

import { type Command, Option } from 'commander';
import { usageError } from '../../base/errors.ts';
import { parseBytes } from '../../base/size.ts';
import type { Rate } from '../../queue/events/setting-types.ts';
import { answers, durationOf, lockTimeoutOption, type Parsed, wholeNumber } from '../command.ts';
import { addRunFlags } from './job-options.ts';

/** Commands for what lasts until it is changed: pauses, limits, schedules. */
export function addSettingCommands(queue: Command, parsed: Parsed): void {
  addPauses(queue, parsed);
  addLimit(queue, parsed);
  addSchedule(queue, parsed);
}

function addPauses(queue: Command, parsed: Parsed): void {
  const scoped = (command: Command): Command =>
    command.option('--name <name>', 'only jobs of this name').option('--group <group>', 'only jobs of this group');
  const pause = scoped(
    queue.command('pause').description('begin no job until resume; those at work go on. Outlives runner and reboot'),
  )
    .option('--reason <text>', 'why, for people')
    .addOption(lockTimeoutOption());
  answers(pause, parsed, { kind: 'queue.pause', load: async () => (await import('./setting.ts')).pause });
  const resume = scoped(queue.command('resume').description('end a pause of the same jobs')).addOption(
    lockTimeoutOption(),
  );
  answers(resume, parsed, { kind: 'queue.resume', load: async () => (await import('./setting.ts')).resume });
}

function addLimit(queue: Command, parsed: Parsed): void {
  const command = queue
    .command('limit')
    .description('set lasting limits of the queue or of a group; without flags, show those in force')
    .option('--group <group>', 'of this group')
    .option('--concurrency <count>', 'jobs of the group at work at a time', orNone(wholeNumber('--concurrency', 0), 0))
    .option(
      '--rate <rate>',
      'how many jobs may begin in a time, such as 10/s or 100/5m',
      orNone(rateIn, { count: 0, perMs: 1000 }),
    )
    .option('--max-pending <count>', 'jobs that may wait', orNone(wholeNumber('--max-pending', 0), 0))
    .option(
      '--max-payload <bytes>',
      'of one job',
      orNone((text) => parseBytes(text, '--max-payload'), 0),
    )
    .option('--keep-for <time>', 'forget finished jobs after this time', orNone(durationOf('--keep-for'), 0))
    .option('--keep-count <count>', 'forget all but the newest finished', orNone(wholeNumber('--keep-count', 0), 0))
    .addOption(lockTimeoutOption())
    .addHelpText('after', '\n0 or none takes a limit away.');
  answers(command, parsed, { kind: 'queue.limit', load: async () => (await import('./setting.ts')).limit });
}

function orNone<T>(parse: (text: string) => T, none: T): (text: string) => T {
  return (text) => (text === 'none' ? none : parse(text));
}

function rateIn(text: string): Rate {
  if (text === '0') return { count: 0, perMs: 1000 };
  const [, jobs = '', per = ''] = /^(\d+)\/(.+)$/.exec(text) ?? [];
  if (jobs === '') throw usageError('E_USAGE', `--rate: '${text}' is no rate; give 10/s, 100/m, 500/30s, or none`);
  const perMs = durationOf('--rate')(/^[a-z]/.test(per) ? `1${per}` : per);
  if (perMs < 1) throw usageError('E_USAGE', `--rate: '${text}' must be in a time above zero, such as 10/s`);
  return { count: wholeNumber('--rate', 0)(jobs), perMs };
}

function addSchedule(queue: Command, parsed: Parsed): void {
  const group = queue.command('schedule').description('recurring jobs, made while a runner or a consumer is there');
  const add = group
    .command('add')
    .description('add a schedule, or replace the one of this name')
    .argument('<name>', 'of the schedule')
    .argument('[command...]', 'after --: a command its jobs carry, run under queue run --commands')
    .option('--cron <expression>', "five fields, such as '0 3 * * *', or six with seconds first")
    .option('--zone <zone>', 'of the cron expression, such as Europe/Berlin (default: UTC)')
    .option('--every <time>', 'such as 1h, from now on', durationOf('--every'))
    .addOption(
      new Option(
        '--missed <which>',
        'times that passed while nobody worked on the queue: make up for none, the last one, all (the newest 1,000)',
      )
        .choices(['skip', 'one', 'all'])
        .default('one'),
    )
    .option('--name <name>', 'of its jobs (default: that of the schedule)');
  addRunFlags(add, true).addOption(lockTimeoutOption());
  answers(add, parsed, { kind: 'queue.schedule.add', load: async () => (await import('./schedule.ts')).add });

  const list = group.command('list').description('schedules, and when they fire next');
  answers(list, parsed, { kind: 'queue.schedule.list', load: async () => (await import('./schedule.ts')).list });

  const remove = group
    .command('rm')
    .description('remove schedules; jobs they have made stay')
    .argument('<names...>', 'schedules')
    .addOption(lockTimeoutOption());
  answers(remove, parsed, { kind: 'queue.schedule.rm', load: async () => (await import('./schedule.ts')).remove });

  const next = group
    .command('next')
    .description('the next times at which schedules fire')
    .argument('[name]', 'of one schedule')
    .option('-n, --limit <count>', 'at most this many', wholeNumber('--limit', 1), 5);
  answers(next, parsed, { kind: 'queue.schedule.next', load: async () => (await import('./schedule.ts')).next });
}

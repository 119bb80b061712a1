import { type Command, Option } from 'commander';
import { parseDuration } from '../../base/duration.ts';
import { usageError } from '../../base/errors.ts';
import { answers, durationOf, list, lockTimeoutOption, type Parsed, wholeNumber } from '../command.ts';

/** For programs in any language that fetch jobs themselves and answer with a token. */
export function addConsumerCommands(queue: Command, parsed: Parsed): void {
  const take = queue
    .command('take')
    .description('take jobs on a lease: one JSON line each; exit 1 when there is none')
    .option('--name <names>', 'only jobs of these names, with a comma (repeatable)', list)
    .option('-n, --limit <count>', 'at most this many', wholeNumber('--limit', 1), 1)
    .addOption(
      new Option('--lease <time>', 'how long before the job goes to another consumer')
        .argParser(leaseTime)
        .default(30_000, '30s'),
    )
    .addOption(
      new Option('--wait <time>', 'wait this long for a first job')
        .argParser(durationOf('--wait'))
        .default(0, 'no waiting'),
    )
    .addOption(lockTimeoutOption());
  answers(take, parsed, { kind: 'queue.take', load: async () => (await import('./take.ts')).take });

  const ack = queue
    .command('ack')
    .description('the job of this lease is done')
    .argument('<tokens...>', 'from queue take')
    .option('--result <json>', 'kept with the job')
    .addOption(lockTimeoutOption());
  answers(ack, parsed, { kind: 'queue.ack', load: async () => (await import('./lease.ts')).ack });

  const fail = queue
    .command('fail')
    .description('the job of this lease failed: it is tried again, or dead after its last attempt')
    .argument('<tokens...>', 'from queue take')
    .option('--error <text>', 'what went wrong, for people')
    .option('--retry-in <time>', 'wait this long instead of the backoff', durationOf('--retry-in'))
    .option('--dead <reason>', 'no further attempt, and why')
    .addOption(lockTimeoutOption());
  answers(fail, parsed, { kind: 'queue.fail', load: async () => (await import('./lease.ts')).fail });

  const extend = queue
    .command('extend')
    .description('let the lease end this long from now')
    .argument('<token>', 'from queue take')
    .argument('<time>', 'such as 5m')
    .addOption(lockTimeoutOption());
  answers(extend, parsed, { kind: 'queue.extend', load: async () => (await import('./lease.ts')).extend });
}

/** One that is over at once would give the job to somebody else at once. */
function leaseTime(text: string): number {
  const ms = parseDuration(text, '--lease');
  if (ms > 0) return ms;
  throw usageError('E_USAGE', '--lease: a lease of no time is none; allowed is 1ms or more');
}

import type { Command } from 'commander';
import { expressionHelp, list, outputOption, wholeNumber } from '../command.ts';

/** Flags that both diffs have. */
export function addDiffOptions(command: Command): Command {
  return command
    .option('--job <ids>', 'these jobs, field by field, before and after', list)
    .option('--type <kinds>', 'only created, gone, replaced, moved, finished, died, retried or changed', list)
    .option('--state <states>', 'only jobs pending, in_flight, completed or dead on one of the sides', list)
    .option('--name <names>', 'only jobs of these names', list)
    .option('--group <groups>', 'only jobs of these groups', list)
    .option('--id-prefix <text>', 'only jobs whose id begins with this')
    .option('--where <expression>', "only jobs for which this holds on one of the sides, such as 'attempt > 2'")
    .option('-n, --limit <count>', 'at most this many jobs; 0: only totals and settings', wholeNumber('--limit', 0))
    .option('--exit-code', 'end with 1 when there is a difference')
    .addOption(outputOption(['text', 'table', 'json', 'ndjson'], 'text'))
    .addHelpText('after', expressionHelp);
}

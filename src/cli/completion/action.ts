import type { Command } from 'commander';
import { Exit } from '../../base/errors.ts';
import { allCodes } from '../../commands/catalogue.ts';
import { eventFields } from '../../commands/where/event-fields.ts';
import { jobFields, storedJobFields } from '../../commands/where/job-fields.ts';
import { statusFields, totalFields } from '../../commands/where/total-fields.ts';
import type { Action } from '../session.ts';
import { bashCompletion } from './bash.ts';
import { fishCompletion } from './fish.ts';
import { completionTree } from './tree.ts';
import { zshCompletion } from './zsh.ts';

const jobs = Object.keys(jobFields);

/** What an expression begins with. */
const fieldNames: Readonly<Record<string, readonly string[]>> = {
  'wal inspect --where': Object.keys(eventFields),
  'wal bisect --where': Object.keys(totalFields),
  'queue events --where': Object.keys(eventFields),
  'queue list --where': jobs,
  'queue export --where': jobs,
  'queue dead list --where': jobs,
  'queue wait --where': Object.keys(storedJobFields),
  'wal diff --where': Object.keys(storedJobFields),
  'snapshot diff --where': Object.keys(storedJobFields),
  'queue status --check': Object.keys(statusFields),
};

const shells = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion };

/** Prints the completion script; the parser has let through no other shell. */
export function completionFor(program: () => Command): Action<object> {
  return async (session, args) => {
    const shell = args[0] === 'zsh' || args[0] === 'fish' ? args[0] : 'bash';
    const script = shells[shell](completionTree(program(), allCodes(), fieldNames));
    if (session.json) await session.document({ shell, script });
    else await session.out.write(script);
    return Exit.ok;
  };
}

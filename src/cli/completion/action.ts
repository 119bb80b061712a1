import type { Command } from 'commander';
import { Exit } from '../../base/errors.ts';
import { allCodes } from '../../commands/catalogue.ts';
import { changeKinds } from '../../commands/diff/compare.ts';
import { lostType } from '../../commands/event-row.ts';
import { allOutcomes } from '../../commands/outcomes.ts';
import { eventFields } from '../../commands/where/event-fields.ts';
import { jobFields, storedJobFields } from '../../commands/where/job-fields.ts';
import { statusFields, totalFields } from '../../commands/where/total-fields.ts';
import { eventTypes } from '../../queue/events/event-types.ts';
import { jobStates } from '../../queue/state/job.ts';
import { phaseKinds } from '../../queue/state/phase.ts';
import type { Action } from '../session.ts';
import { bashCompletion } from './bash.ts';
import { fishCompletion } from './fish.ts';
import { completionTree, type Offer } from './tree.ts';
import { zshCompletion } from './zsh.ts';

const jobs: Offer = { words: Object.keys(jobFields) };

const types: Offer = { words: [...Object.keys(eventTypes), lostType] };
const states: Offer = { words: jobStates };
const snapshots: Offer = { words: ['auto', 'none'], orFile: true };

/** Of values that the parser does not choose among: what an expression begins with, the parts of a list, names for files. */
const known: Readonly<Record<string, Offer>> = {
  'wal inspect --type': types,
  'queue events --type': types,
  'wal diff --type': { words: changeKinds },
  'snapshot diff --type': { words: changeKinds },
  'wal diff --state': states,
  'snapshot diff --state': states,
  'queue list --state': states,
  'queue list --phase': { words: phaseKinds },
  'queue prune --state': { words: ['completed', 'dead'] },
  'wal replay --snapshot': snapshots,
  'wal state-hash --snapshot': snapshots,
  'wal inspect --where': { words: Object.keys(eventFields) },
  'wal bisect --where': { words: Object.keys(totalFields) },
  'queue events --where': { words: Object.keys(eventFields) },
  'queue list --where': jobs,
  'queue export --where': jobs,
  'queue dead list --where': jobs,
  'queue wait --where': { words: Object.keys(storedJobFields) },
  'wal diff --where': { words: Object.keys(storedJobFields) },
  'snapshot diff --where': { words: Object.keys(storedJobFields) },
  'queue status --check': { words: Object.keys(statusFields) },
};

/** Exit codes and verdicts; a blank would be two words to a shell. */
const oneWord = allOutcomes().map((each) => each.replace(' ', '-'));

const shells = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion };

/** Prints the completion script; the parser has let through no other shell. */
export function completionFor(program: () => Command): Action<object> {
  return async (session, args) => {
    const shell = args[0] === 'zsh' || args[0] === 'fish' ? args[0] : 'bash';
    const script = shells[shell](completionTree(program(), [...allCodes(), ...oneWord], known));
    if (session.json) await session.document({ shell, script, exit: Exit.ok });
    else await session.out.write(script);
    return Exit.ok;
  };
}

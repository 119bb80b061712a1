import { usageError } from '../../base/errors.ts';
import { excerpt } from '../../base/escape.ts';
import { kindOf } from '../../base/kind-of.ts';
import type { WorkFunction, WorkHandlers } from './function-types.ts';

/** Which function does the jobs of a name; and of which names, if not of all. */
export interface WorkTable {
  names: ReadonlySet<string> | undefined;
  of(name: string): WorkFunction | undefined;
}

/**
 * Throws usageError E_JOB where it is no such thing, as nobody but TypeScript keeps a program from that, or none at
 * all: a worker without handlers would wait for ever and do nothing, with no word of it.
 */
export function workTable(handlers: WorkHandlers): WorkTable {
  if (typeof handlers === 'function') return { names: undefined, of: () => handlers };
  if (Array.isArray(handlers)) throw noHandlers('a list');
  if (typeof handlers !== 'object' || handlers === null) throw noHandlers(kindOf(handlers));
  const byName = new Map(Object.entries(handlers));
  if (byName.size === 0) throw noHandlers('an object without any');
  for (const [name, each] of byName) {
    if (typeof each !== 'function') throw noHandlers(`one with ${kindOf(each)} for '${excerpt(name)}'`);
  }
  return { names: new Set(byName.keys()), of: (name) => byName.get(name) };
}

function noHandlers(got: string): Error {
  const text = 'handlers are a function for all jobs, or an object with one for each name of jobs';
  return usageError('E_JOB', `${text}, such as { mail: async (job) => … }; not ${got}`);
}

import { ownText } from '../../base/own-text.ts';
import { enqueueDefaults } from '../events/event-types.ts';
import type { JobOptions } from './job.ts';

/** Group -> name -> the options last seen there, of which there may be a few. */
const recent = new Map<string, Map<string, JobOptions[]>>();
const recentMax = 8192;
const fewMax = 16;
let size = 0;

type Given = Omit<JobOptions, 'command'> & { command?: readonly string[] | undefined };

/**
 * One object for the options that many jobs have in common: those seen lately under the same name in the same group. A
 * million jobs then cost a hundred megabytes less, and nothing a program can observe changes, because options are never
 * written to.
 */
export function sharedOptions(options: Given): JobOptions {
  const known = recent.get(options.group)?.get(options.name);
  for (let at = 0; known !== undefined && at < known.length; at++) {
    const one = known[at];
    if (
      one !== undefined &&
      one.priority === options.priority &&
      one.maxAttempts === options.maxAttempts &&
      one.timeoutMs === options.timeoutMs &&
      one.backoff === options.backoff &&
      one.command === options.command
    ) {
      return one;
    }
  }
  return options.command === undefined ? remember(options) : optionsOf(options, options);
}

function optionsOf(
  { priority, maxAttempts, timeoutMs, command }: Given,
  { name, backoff, group }: Pick<Given, 'name' | 'backoff' | 'group'>,
): JobOptions {
  return { name, priority, maxAttempts, timeoutMs, backoff, command, group };
}

function remember(given: Given): JobOptions {
  if (size >= recentMax) {
    recent.clear();
    size = 0;
  }
  // They stay for long, and may be parts of what somebody read them from.
  const options = optionsOf(given, {
    name: textOf(given.name, enqueueDefaults.name),
    backoff: textOf(given.backoff, enqueueDefaults.backoff),
    group: textOf(given.group, enqueueDefaults.group),
  });
  const names = recent.get(options.group) ?? new Map<string, JobOptions[]>();
  recent.set(options.group, names);
  const known = names.get(options.name) ?? [];
  if (known.length === fewMax) known.shift();
  else size++;
  known.push(options);
  names.set(options.name, known);
  return options;
}

/** The very same one where it is the default: two that are not have to be compared, three times for each job. */
function textOf(text: string, fallback: string): string {
  return text === fallback ? fallback : ownText(text);
}

import { ownText } from '../../base/own-text.ts';
import type { JobOptions } from './job.ts';

/** Group -> name -> the options last seen there. */
const recent = new Map<string, Map<string, JobOptions>>();
const recentMax = 1024;
let size = 0;

type Given = Omit<JobOptions, 'command'> & { command?: readonly string[] | undefined };

/**
 * One object for the options that many jobs have in common: those last seen under the same name in the same group. A
 * million jobs then cost a hundred megabytes less, and nothing a program can observe changes, because options are never
 * written to.
 */
export function sharedOptions(options: Given): JobOptions {
  const known = recent.get(options.group)?.get(options.name);
  if (
    known !== undefined &&
    known.priority === options.priority &&
    known.maxAttempts === options.maxAttempts &&
    known.timeoutMs === options.timeoutMs &&
    known.backoff === options.backoff &&
    known.command === options.command
  ) {
    return known;
  }
  const { name, priority, maxAttempts, timeoutMs, backoff, command, group } = options;
  if (command !== undefined) return { name, priority, maxAttempts, timeoutMs, backoff, command, group };
  // They stay for long, and may be parts of what somebody read them from.
  const texts = { name: ownText(name), backoff: ownText(backoff), group: ownText(group) };
  const own: JobOptions = { ...texts, priority, maxAttempts, timeoutMs, command };
  remember(own);
  return own;
}

function remember(options: JobOptions): void {
  if (size >= recentMax) {
    recent.clear();
    size = 0;
  }
  const names = recent.get(options.group) ?? new Map<string, JobOptions>();
  recent.set(options.group, names);
  if (!names.has(options.name)) size++;
  names.set(options.name, options);
}

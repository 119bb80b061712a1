import type { JobOptions } from './job.ts';

const recent = new Map<string, JobOptions>();
const recentMax = 1024;

type Given = Omit<JobOptions, 'command'> & { command?: readonly string[] | undefined };

/**
 * One object for the options that many jobs have in common: those last seen under the same name. A million jobs then
 * cost a hundred megabytes less, and nothing a program can observe changes, because options are never written to.
 */
export function sharedOptions(options: Given): JobOptions {
  const known = recent.get(options.name);
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
  const { name, priority, maxAttempts, timeoutMs, backoff, command } = options;
  const own: JobOptions = { name, priority, maxAttempts, timeoutMs, backoff, command };
  if (command !== undefined) return own;
  if (recent.size >= recentMax) recent.clear();
  recent.set(name, own);
  return own;
}

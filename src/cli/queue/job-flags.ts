import { usageError } from '../../base/errors.ts';
import { parseTime } from '../../commands/time.ts';
import type { JobSpec } from '../../queue/ops/spec.ts';

/** What the flags of `job-options.ts` give. */
export interface JobFlags {
  data?: string;
  priority?: number;
  attempts?: number;
  timeout?: number;
  backoff?: string;
  group?: string;
  expire?: number;
  delay?: number;
  at?: string;
  after?: string[];
  key?: string;
  keyMode?: 'skip' | 'replace';
  keyTtl?: number;
}

export function specOf(flags: JobFlags): JobSpec {
  const runAt = flags.at === undefined ? undefined : timeIn(flags.at);
  return {
    ...(flags.data !== undefined && { payload: flags.data }),
    ...(flags.priority !== undefined && { priority: flags.priority }),
    ...(flags.attempts !== undefined && { attempts: flags.attempts }),
    ...(flags.timeout !== undefined && { timeoutMs: flags.timeout }),
    ...(flags.delay !== undefined && { delayMs: flags.delay }),
    ...(runAt !== undefined && { runAt }),
    ...(flags.backoff !== undefined && { backoff: flags.backoff }),
    ...(flags.group !== undefined && { group: flags.group }),
    ...(flags.key !== undefined && { key: flags.key }),
    ...(flags.keyMode !== undefined && { keyMode: flags.keyMode }),
    ...(flags.keyTtl !== undefined && { keyTtlMs: flags.keyTtl }),
    ...(flags.after !== undefined && { after: flags.after }),
    ...(flags.expire !== undefined && { expireMs: flags.expire }),
  };
}

function timeIn(text: string): number {
  const time = parseTime(text);
  if (time !== undefined) return time;
  throw usageError('E_USAGE', `--at: '${text}' is not a time; give an ISO time such as 2026-09-01T03:00Z`);
}

/** The parser gives the words before and after `--` in one list; how many came after is seen in what was typed. */
export function splitCommand(args: readonly string[], help: string): { name?: string; command?: string[] } {
  const typed = process.argv.indexOf('--');
  const after = typed < 0 ? 0 : process.argv.length - typed - 1;
  const before = args.slice(0, args.length - after);
  if (before.length > 1) {
    const what = `one name is enough; unexpected '${before[1]}': a payload is given with -d, a command after --`;
    throw usageError('E_USAGE', what, { next: help });
  }
  const command = args.slice(args.length - after);
  return { ...(before[0] !== undefined && { name: before[0] }), ...(command.length > 0 && { command }) };
}

import { type ExitCode, usageError } from '../../base/errors.ts';
import { excerpt } from '../../base/escape.ts';
import { shellPath } from '../../base/shell-word.ts';
import { type EnqueueRequest, enqueue as enqueueJobs, refuseTogether } from '../../commands/queue/enqueue.ts';
import type { Session } from '../session.ts';
import { EnqueueReport } from './enqueue-report.ts';
import { type JobFlags, specOf, splitCommand } from './job-flags.ts';

export interface EnqueueFlags extends JobFlags {
  file?: string;
  payloadFile?: string;
  lines?: boolean;
  id?: string;
  groupLimit?: number;
  onError: 'stop' | 'skip';
  allowCommands?: boolean;
  quiet?: boolean;
  lockTimeout: number;
}

/** Prints what became of each job once it is on disk: `ID enqueued`, `ID duplicate`, `ID replaced (instead of OLD)`. */
export async function enqueue(session: Session, args: readonly string[], flags: EnqueueFlags): Promise<ExitCode> {
  const report = new EnqueueReport(session, flags.quiet === true);
  const result = await report.during(() => enqueueJobs(session.context, requestOf(args, flags), report));
  return await report.end(result);
}

function requestOf(args: readonly string[], flags: EnqueueFlags): EnqueueRequest {
  const { name, command } = splitCommand(args, 'walq queue enqueue --help');
  const { data, file, payloadFile, lines = false, id, key, groupLimit } = flags;
  const hasInput = file !== undefined || lines;
  // No JSON begins so, and other tools read a file then.
  if (data === '-' || data?.startsWith('@') === true) {
    throw usageError(
      'E_USAGE',
      `--data: ${excerpt(data, 60)} is no JSON; a file or a pipe is named with --payload-file`,
      {
        next: `walq queue enqueue NAME --payload-file ${data === '-' ? '-' : shellPath(data.slice(1))}`,
      },
    );
  }
  refuseTogether({
    '--data': data !== undefined,
    '--payload-file': payloadFile !== undefined,
    '--file': hasInput,
  });
  refuseTogether({ 'a command after --': command !== undefined, '--file': hasInput });
  refuseTogether({ '--id': id !== undefined, '--file': hasInput });
  refuseTogether({ '--key': key !== undefined, '--file': hasInput });
  if (groupLimit !== undefined && flags.group === undefined) {
    throw usageError('E_USAGE', '--group-limit needs --group: it is a limit of that group');
  }
  const empty = [data, file, payloadFile, command, name, id].every((part) => part === undefined);
  if (empty && !lines) {
    throw usageError(
      'E_USAGE',
      'nothing to enqueue: give a NAME, -d JSON, --payload-file FILE, -f FILE, --lines, or -- COMMAND',
      {
        next: `walq queue enqueue hello -d '{"to":"world"}'`,
      },
    );
  }
  return {
    template: {
      ...specOf(flags),
      ...(name !== undefined && { name }),
      ...(command !== undefined && { command }),
      ...(id !== undefined && { id }),
    },
    ...(file !== undefined && { file }),
    ...(payloadFile !== undefined && { payloadFile }),
    lines,
    allowCommands: flags.allowCommands === true,
    onError: flags.onError,
    ...(groupLimit !== undefined && { groupLimit }),
    lockTimeoutMs: flags.lockTimeout,
    pid: process.pid,
  };
}

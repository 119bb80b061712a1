import { Exit, type ExitCode, usageError } from '../../base/errors.ts';
import { escapeText } from '../../base/escape.ts';
import { type EnqueueRequest, enqueue as enqueueJobs, refuseTogether } from '../../commands/queue/enqueue.ts';
import { parseTime } from '../../commands/time.ts';
import type { EnqueueAnswer } from '../../queue/engine-types.ts';
import type { JobSpec } from '../../queue/spec.ts';
import type { Session } from '../session.ts';
import { counted } from '../text.ts';

export interface EnqueueFlags {
  data?: string;
  file?: string;
  lines?: boolean;
  id?: string;
  priority?: number;
  attempts?: number;
  timeout?: number;
  delay?: number;
  at?: string;
  backoff?: string;
  allowCommands?: boolean;
  quiet?: boolean;
  lockTimeout: number;
}

/** Prints `ID enqueued` or `ID duplicate` for each job, once it is on disk. */
export async function enqueue(session: Session, args: readonly string[], flags: EnqueueFlags): Promise<ExitCode> {
  const { out, style } = session;
  const request = requestOf(args, flags);
  const jobs: EnqueueAnswer[] = [];
  const result = await enqueueJobs(session.context, request, (answers) => {
    if (session.json) jobs.push(...answers);
    if (session.json || flags.quiet === true) return undefined;
    const word = (answer: EnqueueAnswer) =>
      answer.status === 'enqueued' ? style.good('enqueued') : style.warn('duplicate');
    return out.write(answers.map((answer) => `${escapeText(answer.id)} ${word(answer)}\n`).join(''));
  });
  session.settle();
  if (session.json) await session.document({ ...result, jobs });
  else if (result.enqueued + result.duplicates > 1 && flags.quiet !== true) {
    const duplicates = result.duplicates > 0 ? `, ${counted(result.duplicates, 'duplicate')}` : '';
    await session.err.line(`${counted(result.enqueued, 'job')} enqueued${duplicates}`);
  }
  return Exit.ok;
}

function requestOf(args: readonly string[], flags: EnqueueFlags): EnqueueRequest {
  const { name, command } = splitCommand(args);
  const { data, file, lines = false } = flags;
  refuseTogether({ '--data': data !== undefined, '--file': file !== undefined || lines });
  refuseTogether({ 'a command after --': command !== undefined, '--file': file !== undefined || lines });
  refuseTogether({ '--id': flags.id !== undefined, '--file': file !== undefined || lines });
  const empty = [data, file, command, name, flags.id].every((part) => part === undefined);
  if (empty && !lines) {
    throw usageError('E_USAGE', 'nothing to enqueue: give a NAME, -d JSON, -f FILE, --lines, or -- COMMAND', {
      next: `walq queue enqueue hello -d '{"to":"world"}'`,
    });
  }
  const runAt = flags.at === undefined ? undefined : timeIn(flags.at);
  const template: JobSpec = {
    ...(name !== undefined && { name }),
    ...(data !== undefined && { payload: data }),
    ...(command !== undefined && { command }),
    ...(flags.id !== undefined && { id: flags.id }),
    ...(flags.priority !== undefined && { priority: flags.priority }),
    ...(flags.attempts !== undefined && { attempts: flags.attempts }),
    ...(flags.timeout !== undefined && { timeoutMs: flags.timeout }),
    ...(flags.delay !== undefined && { delayMs: flags.delay }),
    ...(runAt !== undefined && { runAt }),
    ...(flags.backoff !== undefined && { backoff: flags.backoff }),
  };
  return {
    template,
    ...(file !== undefined && { file }),
    lines,
    allowCommands: flags.allowCommands === true,
    lockTimeoutMs: flags.lockTimeout,
    pid: process.pid,
  };
}

function timeIn(text: string): number {
  const time = parseTime(text);
  if (time !== undefined) return time;
  throw usageError('E_USAGE', `--at: '${text}' is not a time; give an ISO time such as 2026-09-01T03:00Z`);
}

/** The parser gives the words before and after `--` in one list; how many came after is seen in what was typed. */
function splitCommand(args: readonly string[]): { name?: string; command?: string[] } {
  const typed = process.argv.indexOf('--');
  const after = typed < 0 ? 0 : process.argv.length - typed - 1;
  const before = args.slice(0, args.length - after);
  if (before.length > 1) {
    throw usageError('E_USAGE', `one name is enough; unexpected '${before[1]}'`, { next: 'walq queue enqueue --help' });
  }
  const command = args.slice(args.length - after);
  return { ...(before[0] !== undefined && { name: before[0] }), ...(command.length > 0 && { command }) };
}

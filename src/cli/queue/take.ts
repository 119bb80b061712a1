import { Exit, type ExitCode } from '../../base/errors.ts';
import { JsonText, stringify } from '../../commands/json-text.ts';
import { takeJobs } from '../../commands/queue/take.ts';
import type { TakenJob } from '../../queue/run/operations.ts';
import type { Session } from '../session.ts';
import type { WriterFlags } from './many.ts';

export interface TakeFlags extends WriterFlags {
  name?: string[];
  limit: number;
  lease: number;
  wait: number;
}

/** One JSON line for each job that is now the caller's; exit 1 when there was none. */
export async function take(session: Session, _args: readonly string[], flags: TakeFlags): Promise<ExitCode> {
  const { name: names } = flags;
  if (flags.wait > 0) session.settle();
  const jobs = await takeJobs(session.context, {
    count: flags.limit,
    leaseMs: flags.lease,
    ...(names !== undefined && { names }),
    waitMs: flags.wait,
    lockTimeoutMs: flags.lockTimeout,
    pid: process.pid,
  });
  session.settle();
  const exit = jobs.length > 0 ? Exit.ok : Exit.failed;
  const shown = jobs.map(forPrint);
  if (session.json) await session.document({ jobs: shown, exit });
  else for (const job of shown) await session.out.line(stringify(job));
  return exit;
}

/** The payload is inserted as it was written. */
function forPrint({ payload, attemptsMax, token, id, name, attempt, deadlineMs }: TakenJob): Record<string, unknown> {
  return {
    token,
    id,
    name,
    ...(payload !== undefined && { payload: new JsonText(payload) }),
    attempt,
    maxAttempts: attemptsMax,
    deadlineMs,
  };
}

import { Exit, type ExitCode } from '../../base/errors.ts';
import { importJobs } from '../../commands/queue/import.ts';
import type { Session } from '../session.ts';
import { counted } from '../text.ts';
import { EnqueueReport } from './enqueue-report.ts';
import type { WriterFlags } from './many.ts';

export interface ImportFlags extends WriterFlags {
  all?: boolean;
  allowCommands?: boolean;
  onError: 'stop' | 'skip';
}

/** Prints counts: who imports a million jobs does not want a line for each. */
export async function importQueue(session: Session, args: readonly string[], flags: ImportFlags): Promise<ExitCode> {
  const [file = '-'] = args;
  const report = new EnqueueReport(session, true);
  const result = await importJobs(
    session.context,
    {
      file,
      all: flags.all === true,
      allowCommands: flags.allowCommands === true,
      onError: flags.onError,
      lockTimeoutMs: flags.lockTimeout,
      pid: process.pid,
    },
    { answered: () => undefined, skipped: (error) => report.skipped(error) },
  );
  const exit = result.skipped > 0 ? Exit.failed : Exit.ok;
  session.settle();
  if (session.json) {
    await session.document({ ...result, exit });
    return exit;
  }
  const { enqueued, replaced, duplicates, completed, dead, skipped } = result;
  const parts = [
    `${counted(enqueued + replaced, 'job')} imported`,
    ...(duplicates > 0 ? [`${duplicates} there already`] : []),
    ...(completed > 0 ? [`${completed} completed left out`] : []),
    ...(dead > 0 ? [`${dead} dead left out`] : []),
    ...(skipped > 0 ? [session.style.bad(`${counted(skipped, 'bad line')} skipped`)] : []),
  ];
  await session.out.line(parts.join(', '));
  return exit;
}

import type { ExitCode } from '../../base/errors.ts';
import { stringify } from '../../commands/json-text.ts';
import { exportedJob } from '../../commands/queue/export.ts';
import { lookAtQueue } from '../../commands/queue/look.ts';
import { selectJobs } from '../../commands/queue/select-jobs.ts';
import { exitOfVerdict } from '../../commands/verdict.ts';
import { explainLook } from '../explain/explain-look.ts';
import type { Session } from '../session.ts';
import { type ListFlags, selectionOf } from './list.ts';

export type ExportFlags = Pick<ListFlags, 'state' | 'phase' | 'name' | 'group' | 'idPrefix' | 'where'>;

/**
 * One job a line and nothing else, all as of one seq, in the order of ENQUEUE: parents stand before those that wait for
 * them.
 */
export async function exportJobs(session: Session, _args: readonly string[], flags: ExportFlags): Promise<ExitCode> {
  const selection = selectionOf({ ...flags, sort: 'created' }, session.context.env.clock.now());
  const look = await lookAtQueue(session.context);
  session.settle();
  const { out } = session;
  const { store, seq, verdict, findings, phases } = look;
  const exit = exitOfVerdict(verdict);
  let exported = 0;
  if (session.json) await out.write(`{"walq":1,"kind":${JSON.stringify(session.kind)},"jobs":[`);
  for (const job of selectJobs(look.machine.jobs(), selection, phases)) {
    const line = stringify(exportedJob(job, phases.now));
    await out.write(session.json ? `${exported === 0 ? '' : ','}\n${line}` : `${line}\n`);
    exported++;
  }
  if (session.json) await out.write(`],${stringify({ store, seq, exported, verdict, findings, exit }).slice(1)}\n`);
  await out.flush();
  if (session.err.isTerminal) await session.err.line(session.errStyle.dim(`${exported} jobs, as of seq ${seq}`));
  await explainLook(session, look);
  return exit;
}

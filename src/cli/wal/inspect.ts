import { formatDuration } from '../../base/duration.ts';
import { Exit, type ExitCode, usageError } from '../../base/errors.ts';
import { inspectLog } from '../../commands/inspect.ts';
import type { InspectRequest, InspectResult } from '../../commands/inspect-types.ts';
import type { SelectorRange } from '../../commands/selector.ts';
import { splitPositionals } from '../../commands/target.ts';
import { exitOfVerdict } from '../../commands/verdict.ts';
import { failureDocument, InDocument, toFailure } from '../failure.ts';
import { verdictClauses, verdictText, writeFaults } from '../findings.ts';
import { foreignClauses } from '../foreign-clauses.ts';
import type { Session } from '../session.ts';
import { type ExplainFlags, explainJob } from './explain-job.ts';
import { type InspectFormat, rowWriter } from './rows.ts';

export interface InspectFlags extends ExplainFlags {
  output: InspectFormat;
  explain?: boolean;
}

/** Streams the events of a log. Faults go to stderr at the end, and into the exit code. */
export async function inspect(session: Session, args: readonly string[], flags: InspectFlags): Promise<ExitCode> {
  const { path, range } = await splitPositionals(session.context, args);
  if (flags.explain === true) return await explainJob(session, path, range, flags);
  const format = session.json ? 'json' : flags.output;
  const follow = followOf(flags);
  const writer = rowWriter(session, format, follow);
  if (follow) session.settle();
  const result = await inspectLog(session.context, requestOf(path, range, flags), (row) => writer.row(row)).catch(
    async (error: unknown) => {
      const failure = toFailure(error);
      // Half a document is none: it is ended with the error inside.
      if (failure === undefined || !writer.begun) throw error;
      await writer.end({ error: failureDocument(failure, session) });
      throw new InDocument(failure);
    },
  );
  session.settle();
  const filters = [range, flags.type, flags.job, flags.grep, flags.where];
  const hasFilter = filters.some((filter) => filter !== undefined);
  const exit = exitOf(result, hasFilter || flags.untilMatch === true);
  await writer.end({
    shown: result.shown,
    partial: result.partial,
    target: result.target,
    verdict: result.verdict,
    findings: result.findings,
    ...(result.log === undefined ? {} : { lost: result.log.lost, lostUnknown: result.log.lostUnknown }),
    exit,
  });
  await session.out.flush();
  await explain(session, result, exit, flags);
  return exit;
}

function requestOf(path: string, range: SelectorRange | undefined, flags: InspectFlags): InspectRequest {
  return {
    path,
    ...(range === undefined ? {} : { range }),
    ...(flags.type === undefined ? {} : { types: flags.type }),
    ...(flags.job === undefined ? {} : { jobs: flags.job }),
    ...(flags.grep === undefined ? {} : { grep: flags.grep }),
    ...(flags.where === undefined ? {} : { where: flags.where }),
    ...(flags.limit === undefined ? {} : { limit: flags.limit }),
    reverse: flags.reverse === true,
    follow: followOf(flags),
    ...(flags.untilMatch === true ? { limit: 1 } : {}),
    timeoutMs: flags.timeout,
  };
}

/** Throws E_USAGE (2) for flags that do not go together. */
function followOf({ follow = false, untilMatch = false, timeout, limit }: InspectFlags): boolean {
  if (untilMatch && limit !== undefined)
    throw usageError('E_USAGE', '--until-match ends at the first event that matches; -n says another end');
  if (timeout !== undefined && !follow && !untilMatch)
    throw usageError('E_USAGE', '--timeout ends --follow or --until-match, and neither is given');
  return follow || untilMatch;
}

function exitOf(result: InspectResult, hasFilter: boolean): ExitCode {
  const exit = result.verdict === undefined ? Exit.ok : exitOfVerdict(result.verdict);
  return exit === Exit.ok && result.shown === 0 && hasFilter ? Exit.failed : exit;
}

/** `; the log ends at seq 38`, where its end was read. */
function heldBy({ log, partial }: InspectResult): string {
  if (log?.seqLast === undefined || partial) return '';
  return `; the log ends at seq ${log.seqLast}`;
}

async function explain(
  session: Session,
  result: InspectResult,
  exit: ExitCode,
  { timeout }: InspectFlags,
): Promise<void> {
  const { err, errStyle } = session;
  if (exit === Exit.failed) {
    const what = timeout === undefined ? `matches${heldBy(result)}` : `has matched within ${formatDuration(timeout)}`;
    await err.line(`no event ${what} ${errStyle.dim('[E_NO_MATCH]')}`);
  }
  const { verdict } = result;
  if (verdict === undefined || exitOfVerdict(verdict) === Exit.ok) return;
  await writeFaults(session, result.findings);
  const clauses = result.foreign ? foreignClauses(result.foreign, verdict) : verdictClauses(verdict, result.log);
  await err.write(verdictText(verdict, clauses, errStyle));
}

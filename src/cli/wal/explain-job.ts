import { type ExitCode, usageError } from '../../base/errors.ts';
import { sceneOfLog } from '../../commands/explain/scene.ts';
import { viewOf } from '../../commands/explain/view.ts';
import type { SelectorRange } from '../../commands/selector.ts';
import { writeExplained } from '../explain/explain.ts';
import type { Session } from '../session.ts';

/** What `wal inspect` was asked besides: with `--explain` most of it means nothing. */
export interface ExplainFlags {
  output: string;
  job?: string[];
  type?: string[];
  grep?: string;
  where?: string;
  limit?: number;
  reverse?: boolean;
  follow?: boolean;
  /** Follow until the first event that is shown. */
  untilMatch?: boolean;
  /** ms */
  timeout?: number;
}

/** The life of one job, as `queue show --explain` tells it, at any point of any log. Throws E_USAGE (2). */
export async function explainJob(
  session: Session,
  path: string,
  range: SelectorRange | undefined,
  { job = [], output, ...flags }: ExplainFlags,
): Promise<ExitCode> {
  const [id, other] = job;
  if (id === undefined || other !== undefined)
    throw usageError('E_USAGE', '--explain tells of one job: name it with --job ID');
  const wrong = unwanted.find(([name]) => flags[name] !== undefined)?.[1];
  if (wrong !== undefined) throw usageError('E_USAGE', `--explain tells all of a job: ${wrong} cannot be used with it`);
  if (range?.from !== undefined && range.from !== range.to)
    throw usageError('E_USAGE', '--explain tells a life from its begin: name the point up to which, as ..B');
  if (output !== 'text' && output !== 'json')
    throw usageError('E_USAGE', `--output: '${output}' is not allowed with --explain; allowed are text, json`);
  const { context } = session;
  return await writeExplained(session, await viewOf(context, await sceneOfLog(context, path, range?.to), id), output);
}

const unwanted = [
  ['type', '--type'],
  ['grep', '--grep'],
  ['where', '--where'],
  ['limit', '--limit'],
  ['reverse', '--reverse'],
  ['follow', '--follow'],
  ['untilMatch', '--until-match'],
  ['timeout', '--timeout'],
] as const;

import { usageError } from '../base/errors.ts';
import { type Finding, findingError } from '../base/finding.ts';
import { shellWord } from '../base/shell-word.ts';
import type { ForeignJob, ForeignSnapshotSummary } from '../formats/types.ts';
import type { QueueMachine } from '../queue/state/machine.ts';
import { verdictOf } from '../storage/report.ts';
import type { CommandContext } from './context.ts';
import { type Covered, coverageOf, holeBeside, peekLog, standOf } from './foreign-coverage.ts';
import { ForeignIds } from './foreign-ids.ts';
import { resolveForeign } from './foreign-range.ts';
import { readForeignLog, readForeignSnapshot } from './foreign-source.ts';
import { entriesOfForeign, recordOfForeign } from './foreign-state.ts';
import type { ReplayOptions, ReplayResult } from './replay-types.ts';
import { beforeBase } from './resolve.ts';
import { formatSelector } from './selector.ts';
import { type ForeignTarget, isForeign, nameOf, openTarget, type Target } from './target.ts';

/**
 * The state a foreign log leads to: what its own system would hold, as far as the log says. Stops before the first
 * damaged record.
 */
export async function replayForeign<M extends QueueMachine>(
  context: CommandContext,
  target: ForeignTarget,
  request: ReplayOptions<M>,
): Promise<ReplayResult<M>> {
  const machine = request.make();
  const ids = new ForeignIds();
  const isFile = request.snapshot !== 'auto' && request.snapshot !== 'none';
  const base = isFile ? await loadForeignBase(context, target, request.snapshot, machine, ids) : undefined;
  const covered = base?.covered;
  if (
    base?.numbersRunOn === true &&
    request.until?.kind === 'seq' &&
    BigInt(request.until.seq) < BigInt(base.lastSeq)
  ) {
    throw beforeBase(formatSelector(request.until), base.lastSeq);
  }
  const range = request.until === undefined ? undefined : { to: request.until };
  const inRange = await resolveForeign(
    range,
    (visit) => readForeignLog(context, target, visit),
    context.env.clock.now(),
  );
  let seq = base?.lastSeq ?? '0';
  let atMs: number | undefined;
  let place = 0;
  let replayed = 0;
  // The same numbers as an import gives.
  let applied = base?.jobs ?? 0;
  let unknown = 0;
  let leftOut = 0;
  const summary = await readForeignLog(context, target, (event) => {
    place++;
    // What stands behind damage would be replayed onto a state that lacks something.
    if (!inRange(event, place)) return;
    if (event.afterDamage) {
      leftOut++;
      return;
    }
    if (covered !== undefined && (covered === 'all' || BigInt(event.seq) <= covered)) return;
    const record = recordOfForeign(event, ids, 0);
    if (record === undefined) unknown++;
    else machine.apply(record, ++applied);
    seq = event.seq;
    atMs = event.timeMs === undefined ? atMs : Number(event.timeMs);
    replayed++;
  });
  const hole = typeof covered === 'bigint' ? holeBeside(covered, summary) : undefined;
  const findings = hole === undefined ? summary.findings : [...summary.findings, { ...hole, file: summary.file }];
  if (request.until?.kind === 'seq' && BigInt(seq) < BigInt(request.until.seq) && summary.findings.every(isHarmless)) {
    throw usageError(
      'E_SEQ_RANGE',
      `seq ${request.until.seq} is not in the log, which ends at ${summary.seqLast ?? '0'}`,
      {
        data: { until: request.until.seq, seqLast: summary.seqLast },
      },
    );
  }
  return {
    target: nameOf(target),
    machine,
    ...(atMs !== undefined && { atMs }),
    seq,
    ...(base && { snapshot: { file: base.file, seq: base.lastSeq } }),
    replayed,
    skipped: machine.totals.skipped + unknown,
    verdict: verdictOf(findings),
    findings,
    gaps: leftOut === 0 && summary.damaged === 0,
    originalId: (id) => ids.original(id),
    storeId: '0'.repeat(32),
  };
}

function isHarmless(finding: Finding): boolean {
  return finding.severity === 'note';
}

interface ForeignBase {
  file: string;
  jobs: number;
  lastSeq: string;
  numbersRunOn: boolean;
  /** What it covers of the log. */
  covered: Covered;
}

async function loadForeignBase(
  context: CommandContext,
  log: ForeignTarget,
  path: string,
  machine: QueueMachine,
  ids: ForeignIds,
): Promise<ForeignBase> {
  const { jobs, summary } = await readForeignJobs(context, await openTarget(context, path));
  for (const entry of entriesOfForeign(jobs, ids, 0)) machine.load(entry);
  const { covered, numbersRunOn } = coverageOf([await peekLog(context, log)], standOf(jobs, summary));
  return { file: summary.file, jobs: jobs.length, lastSeq: summary.lastSeq ?? '0', numbersRunOn, covered: covered[0] };
}

/**
 * All jobs of a foreign snapshot that is whole. Throws its damage (3, of a newer form 5), E_WRONG_TARGET (2) when the
 * file is something else.
 */
export async function readForeignJobs(
  context: CommandContext,
  target: Target,
): Promise<{ jobs: ForeignJob[]; summary: ForeignSnapshotSummary }> {
  const { path } = target;
  if (!isForeign(target) || target.format.kind !== 'snapshot') {
    throw usageError('E_WRONG_TARGET', `--snapshot: ${path} is not a snapshot of another system`, {
      data: { file: path },
    });
  }
  // An id that stands there twice counts once, as it stands there last.
  const jobs = new Map<string, ForeignJob>();
  const summary = await readForeignSnapshot(context, target, (job) => {
    jobs.set(job.id, job);
  });
  if (!summary.findings.every(isHarmless)) {
    throw findingError(summary.findings, { next: `walq snapshot verify ${shellWord(path)}` });
  }
  return { jobs: [...jobs.values()], summary };
}

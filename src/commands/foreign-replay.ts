import { usageError } from '../base/errors.ts';
import { type Finding, findingError } from '../base/finding.ts';
import { shellPath } from '../base/shell-word.ts';
import type { ForeignEvent, ForeignJob, ForeignLogSummary, ForeignSnapshotSummary } from '../formats/types.ts';
import type { QueueMachine } from '../queue/state/machine.ts';
import { verdictOf } from '../storage/report.ts';
import { noStoreId } from '../storage/store-file.ts';
import type { CommandContext } from './context.ts';
import { type Covered, coverageOf, holeBeside, isCovered, peekLog, standOf } from './foreign-coverage.ts';
import { ForeignIds } from './foreign-ids.ts';
import { type ReadForeign, resolveForeign } from './foreign-range.ts';
import { readForeignLog, readForeignSnapshot } from './foreign-source.ts';
import { entriesOfForeign, recordOfForeign } from './foreign-state.ts';
import type { ReplayOptions, ReplayResult } from './replay-types.ts';
import { beforeBase } from './resolve.ts';
import { formatSelector, type Selector } from './selector.ts';
import { type ForeignTarget, isForeign, nameOf, openTarget, type Target } from './target.ts';

/**
 * The state a foreign log leads to: what its own system would hold, as far as the log says. Stops before the first
 * damaged record. Throws E_BEFORE_BASE, E_SEQ_RANGE, E_WRONG_TARGET (2), and the damage of the snapshot (3, 5).
 */
export async function replayForeign<M extends QueueMachine>(
  context: CommandContext,
  target: ForeignTarget,
  { until, snapshot, make }: ReplayOptions<M>,
): Promise<ReplayResult<M>> {
  const machine = make();
  const ids = new ForeignIds();
  const isFile = snapshot !== 'auto' && snapshot !== 'none';
  const base = isFile ? await loadForeignBase(context, target, snapshot, machine, ids) : undefined;
  if (until !== undefined) refuseBeforeSnapshot(until, base);
  const read: ReadForeign = (visit) => readForeignLog(context, target, visit);
  const inRange = await resolveForeign(until && { to: until }, read, context.env.clock.now());
  const replay = new ForeignReplay(machine, ids, base);
  let place = 0;
  const summary = await read((event) => {
    if (inRange(event, ++place)) replay.take(event);
  });
  if (until !== undefined) refuseBehindEnd(until, replay.seq, summary);
  const hole = typeof base?.covered === 'bigint' ? holeBeside(base.covered, summary) : undefined;
  const findings = hole === undefined ? summary.findings : [...summary.findings, { ...hole, file: summary.file }];
  const { atMs, seq, replayed } = replay;
  return {
    target: nameOf(target),
    machine,
    ...(atMs !== undefined && { atMs }),
    seq,
    ...(base && { snapshot: { file: base.file, seq: base.lastSeq } }),
    replayed,
    skipped: machine.totals.skipped + replay.unknown,
    verdict: verdictOf(findings),
    findings,
    gaps: replay.leftOut === 0 && summary.damaged === 0,
    originalId: (id) => ids.original(id),
    storeId: noStoreId,
  };
}

/** A snapshot whose numbers run on through all logs says which points lie before it. */
function refuseBeforeSnapshot(until: Selector, base: ForeignBase | undefined): void {
  if (base?.numbersRunOn !== true || until.kind !== 'seq' || BigInt(until.seq) >= BigInt(base.lastSeq)) return;
  throw beforeBase(formatSelector(until), base.lastSeq);
}

/** Where damage ended the replay it is the answer, and not that the point is not there. */
function refuseBehindEnd(until: Selector, seq: string, { seqLast, findings }: ForeignLogSummary): void {
  if (until.kind !== 'seq' || BigInt(seq) >= BigInt(until.seq) || !findings.every(isHarmless)) return;
  throw usageError('E_SEQ_RANGE', `seq ${until.seq} is not in the log, which ends at ${seqLast ?? '0'}`, {
    data: { until: until.seq, seqLast },
  });
}

/** Applies the events of a foreign log, from its snapshot on if it has one. */
class ForeignReplay {
  /** Of the last event in the state, its own number. */
  seq: string;
  /** When that event was, as far as the log says. */
  atMs: number | undefined;
  replayed = 0;
  /** Events that we have no name for. */
  unknown = 0;
  /** Events behind damage. */
  leftOut = 0;
  readonly #machine: QueueMachine;
  readonly #ids: ForeignIds;
  readonly #covered: Covered;
  /** Events and jobs so far: the same numbers as an import gives. */
  #applied: number;

  constructor(machine: QueueMachine, ids: ForeignIds, base: ForeignBase | undefined) {
    this.#machine = machine;
    this.#ids = ids;
    this.#covered = base?.covered;
    this.#applied = base?.jobs ?? 0;
    this.seq = base?.lastSeq ?? '0';
  }

  take(event: ForeignEvent): void {
    // What stands behind damage would be replayed onto a state that lacks something.
    if (event.afterDamage) {
      this.leftOut++;
      return;
    }
    if (isCovered(event, this.#covered)) return;
    const record = recordOfForeign(event, this.#ids, 0);
    if (record === undefined) this.unknown++;
    else this.#machine.apply(record, ++this.#applied);
    this.seq = event.seq;
    if (event.timeMs !== undefined) this.atMs = Number(event.timeMs);
    this.replayed++;
  }
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
    throw findingError(summary.findings, { next: `walq snapshot verify ${shellPath(path)}` });
  }
  return { jobs: [...jobs.values()], summary };
}

import { WalqError } from '../../base/errors.ts';
import { join } from '../../base/path.ts';
import { goneMeanwhile } from '../../fs/gone.ts';
import { QueueMachine } from '../../queue/state/machine.ts';
import { listSnapshots } from '../../storage/snapshot/list.ts';
import { checkSnapshot } from '../../storage/snapshot/read.ts';
import type { StorageEnv } from '../../storage/types.ts';
import type { CommandContext } from '../context.ts';
import { type Diagnosis, diagnose } from '../doctor/diagnose.ts';
import type { Spread } from '../stats/spread.ts';
import { openStoreTarget } from '../store-target.ts';
import { ReportCollector } from './collect.ts';
import { Knowledge } from './known.ts';
import type { Foothold } from './state-track.ts';
import { type LatencyShape, type ReportData, type ReportLimits, reportLimits, type Sample } from './types.ts';

export interface ReportRequest {
  withPayloads: boolean;
  limits?: ReportLimits;
}

/**
 * Everything that a report shows of a store, gathered while doctor reads the log, and in bounded memory beside the
 * state itself. Takes no lock and writes nothing, also beside a live writer; damage is a part of the answer. Rejects
 * with what `diagnose` rejects with.
 */
export async function gatherReport(
  context: CommandContext,
  args: readonly string[],
  request: ReportRequest,
): Promise<ReportData> {
  const { env } = context;
  const { withPayloads, limits = reportLimits } = request;
  const store = await openStoreTarget(context, args);
  const { snapshots } = await listSnapshots(env, store);
  const load = (foothold: Foothold): Promise<QueueMachine | undefined> => loadSnapshot(env, store, foothold);
  const collector = new ReportCollector({ limits, withPayloads, footholds: snapshots, load });
  const diagnosis = await diagnose(context, [store], {
    visitor: {
      frame: (frame) => collector.frame(frame),
      lost: (range) => collector.lost(range),
      hole: () => collector.hole(),
      record: (record) => collector.record(record),
    },
    read: () => collector.end(),
  });
  const { jobs, texts, rows } = collector.rows;
  const points = collector.points.done();
  const cells = collector.cells.cells;
  const places = collector.segmentFiles.map((file) => diagnosis.log.segments.findIndex((each) => each.file === file));
  for (const { segment } of [rows.of, points.of, cells.of])
    for (const [index, number] of segment.entries()) segment[index] = places[number] ?? 0;
  const knowledge = new Knowledge(diagnosis);
  knowledge.correct(rows);
  knowledge.correct(points);
  return {
    diagnosis,
    madeMs: env.clock.now(),
    rows,
    points,
    cells,
    patches: jobs.patches,
    jobIds: jobs.ids,
    jobs: jobs.jobs,
    texts: texts.list,
    typeNames: collector.typeNames,
    ...baseOf(collector, diagnosis),
    wait: shapeOf(collector.stats.wait),
    took: shapeOf(collector.stats.took),
    sample: sampleOf(collector),
    withPayloads,
  };
}

/** A log without an event, and without a snapshot, is a queue without a job. */
function baseOf({ base, eventsOf }: ReportCollector, { jobs }: Diagnosis): Pick<ReportData, 'base'> {
  if (base !== undefined) return { base };
  return eventsOf === 0 && jobs?.seq === 0 ? { base: { seq: 0, counts: jobs.counts } } : {};
}

/** One that is damaged gives no state; what is wrong with it, the diagnosis says. */
async function loadSnapshot(env: StorageEnv, store: string, { file }: Foothold): Promise<QueueMachine | undefined> {
  const machine = new QueueMachine();
  const onEntry = (entry: Uint8Array): void => machine.load(entry);
  try {
    const check = await checkSnapshot(env, join(store, file), { file, onEntry }).catch(goneMeanwhile);
    return check?.summary === undefined ? undefined : machine;
  } catch (error) {
    if (error instanceof WalqError && error.code !== 'E_READ') return undefined;
    throw error;
  }
}

function shapeOf(spread: Spread): LatencyShape {
  return { ...spread.summary(), buckets: spread.buckets() };
}

function sampleOf({ rows, cells, eventsOf, jobsOf }: ReportCollector): Sample {
  return {
    events: rows.rows.length,
    eventsOf,
    jobs: rows.jobs.ids.length,
    jobsOf,
    oneIn: 2 ** rows.level,
    tail: rows.level === 0 ? rows.rows.length : Math.min(rows.tail, rows.rows.length),
    framesMerged: cells.framesMerged,
    textsCut: rows.textsCut,
  };
}

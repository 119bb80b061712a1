import { usageError, WalqError } from '../base/errors.ts';
import type { Finding } from '../base/finding.ts';
import { shellPath } from '../base/shell-word.ts';
import type { QueueMachine } from '../queue/state/machine.ts';
import { verdictOf } from '../storage/report.ts';
import type { Store } from '../storage/store.ts';
import { packed } from '../storage/wal/records.ts';
import type { CommandContext } from './context.ts';
import {
  type Coverage,
  type Covered,
  coverageOf,
  holeBeside,
  isCovered,
  type LogStart,
  newerThanSnapshot,
  peekLog,
  refuseWrongOrder,
  standOf,
} from './foreign-coverage.ts';
import { ForeignIds } from './foreign-ids.ts';
import { readForeignJobs } from './foreign-replay.ts';
import { readForeignLog } from './foreign-source.ts';
import { entriesOfForeign, recordOfForeign } from './foreign-state.ts';
import { type ImportInput, importOwn, isExportTarget } from './import-export.ts';
import { fillNewStore } from './import-place.ts';
import type { ImportedFile, ImportRequest, ImportResult } from './import-types.ts';
import { type ForeignTarget, isForeign, openTarget } from './target.ts';

/**
 * Makes a new store of foreign logs, or of an export. Sound records are taken over, damaged ones reported; the sources
 * are only read. An export comes back whole or not at all.
 * Throws E_PLACE (7) when the folder is not empty, E_WRONG_TARGET (2) for files of another kind, E_IMPORT_ORDER
 * (2), the damage of the snapshot (3): then no store is made.
 */
export async function importLogs(context: CommandContext, request: ImportRequest): Promise<ImportResult> {
  if (request.from.length === 0 && request.snapshot === undefined) {
    throw usageError('E_USAGE', 'nothing to import: name log files with --from, a snapshot with --snapshot, or both');
  }
  const twice = request.from.find((path, at) => request.from.indexOf(path) !== at);
  if (twice !== undefined) throw usageError('E_USAGE', `--from: ${twice} is given twice`, { data: { file: twice } });
  refuseWrongOrder(request.from, (sorted) => commandFor(request, sorted));
  const inputs = await openInputs(context, request);
  const own = inputs.find(({ target }) => isExportTarget(target));
  if (own !== undefined) return await importOwn(context, request, own);
  return await importForeign(context, request, inputs.map(foreignLog));
}

/** What the logs go on from. */
type ForeignBase = Awaited<ReturnType<typeof readForeignJobs>>;

async function importForeign(
  context: CommandContext,
  { snapshot, store: path }: ImportRequest,
  logs: readonly LogInput[],
): Promise<ImportResult> {
  const fallbackMs = context.env.clock.now();
  const base = snapshot === undefined ? undefined : await readForeignJobs(context, await openTarget(context, snapshot));
  const ids = new ForeignIds();
  const entries = base === undefined ? [] : entriesOfForeign(base.jobs, ids, fallbackMs);
  const baseSeq = base?.jobs.length ?? 0;
  const coverage = await coverageIn(context, logs, base);
  const findings: Finding[] = [];
  const options = baseSeq === 0 ? {} : { base: { seq: baseSeq, entries } };
  const result = await fillNewStore(context, path, options, async (store): Promise<ImportResult> => {
    const files: ImportedFile[] = [];
    for (const [at, log] of logs.entries()) {
      const joins = coverage?.anchor === at || (coverage?.numbersRunOn === true && at === 0);
      const coveredTo = coverage?.covered[at];
      files.push(await importFile(context, store, log, { coveredTo, joins, ids, fallbackMs, findings }));
    }
    return {
      store: path,
      storeId: store.id,
      files,
      ...(base && { base: baseFacts(base) }),
      baseSeq,
      seqLast: store.seqLast,
      skipped: store.machine.totals.skipped,
      withoutPayload: jobsWithoutPayload(store.machine),
      renamed: [...ids.renamed].map(([id, was]) => ({ id, was })),
      verdict: verdictOf(findings),
      findings,
    };
  });
  context.note(`created the store ${path}`);
  return result;
}

function baseFacts({ jobs, summary: { file, lastSeq } }: ForeignBase): NonNullable<ImportResult['base']> {
  return { file, jobs: jobs.length, ...(lastSeq !== undefined && { lastSeq }) };
}

/** What the snapshot has of the logs already. Throws E_IMPORT_ORDER (2) for a log that it should have, and has not. */
async function coverageIn(
  context: CommandContext,
  logs: readonly LogInput[],
  base: ForeignBase | undefined,
): Promise<Coverage | undefined> {
  const starts: LogStart[] = [];
  for (const { target } of logs) starts.push(target === undefined ? { enqueued: [] } : await peekLog(context, target));
  noteTimeOrder(context, logs, starts);
  if (base === undefined) return undefined;
  const coverage = coverageOf(starts, standOf(base.jobs, base.summary));
  const misplaced = logs[coverage.misplaced];
  if (misplaced !== undefined) throw newerThanSnapshot(misplaced.path, logs[coverage.anchor]?.path ?? '');
  return coverage;
}

/** A log to import. The one that is written to is empty between a rotation and the next event. */
interface LogInput {
  path: string;
  target: ForeignTarget | undefined;
}

async function openInputs(context: CommandContext, request: ImportRequest): Promise<ImportInput[]> {
  const inputs: ImportInput[] = [];
  const isAlone = request.from.length === 1 && request.snapshot === undefined;
  for (const path of request.from) {
    const target = await openTarget(context, path).catch((error: unknown) => {
      if (!isAlone && error instanceof WalqError && error.code === 'E_EMPTY_FILE') return undefined;
      throw error;
    });
    if (target === undefined) context.note(`${path} is empty`);
    inputs.push({ path, target });
  }
  return inputs;
}

function foreignLog({ path, target }: ImportInput): LogInput {
  if (target === undefined || (isForeign(target) && target.format.kind === 'log')) return { path, target };
  throw usageError('E_WRONG_TARGET', `--from: ${path} is not a log of another system`, {
    data: { file: path },
    ...(isForeign(target) ? { next: `walq wal import --snapshot ${shellPath(path)} --store DIR` } : {}),
  });
}

function commandFor(request: ImportRequest, from: readonly string[]): string {
  const snapshot = request.snapshot === undefined ? '' : ` --snapshot ${shellPath(request.snapshot)}`;
  return `walq wal import --from ${from.join(' ')}${snapshot} --store ${shellPath(request.store)}`;
}

/** Clocks step back, so times alone do not refuse an order. */
function noteTimeOrder(context: CommandContext, logs: readonly LogInput[], starts: readonly LogStart[]): void {
  for (const [at, { path }] of logs.entries()) {
    const [before, own] = [starts[at - 1]?.firstMs, starts[at]?.firstMs];
    if (before === undefined || own === undefined || before <= own) continue;
    context.note(`${path} begins earlier than ${logs[at - 1]?.path}, which is given before it: oldest first?`);
  }
}

interface FileOptions {
  coveredTo: Covered;
  /** It is the first log that the last number of the snapshot must fit. */
  joins: boolean;
  ids: ForeignIds;
  fallbackMs: number;
  findings: Finding[];
}

const batchRecords = 512;

async function importFile(
  context: CommandContext,
  store: Store<QueueMachine>,
  log: LogInput,
  options: FileOptions,
): Promise<ImportedFile> {
  const { coveredTo, ids, fallbackMs, findings } = options;
  const imported: ImportedFile = {
    file: log.path,
    format: log.target?.format.name ?? 'empty',
    events: 0,
    covered: 0,
    unknown: 0,
    damaged: 0,
  };
  if (log.target === undefined) return imported;
  let batch: Uint8Array[] = [];
  let writing: Promise<unknown> = Promise.resolve();
  const flush = async (): Promise<void> => {
    const records = batch;
    batch = [];
    // One batch is written while the next is read.
    await writing;
    if (records.length === 0) return;
    writing = store.append(packed(records));
    // Awaited before the next one; until then nobody may call the rejection unhandled.
    writing.catch(() => undefined);
  };
  const summary = await readForeignLog(context, log.target, (event) => {
    if (isCovered(event, coveredTo)) {
      imported.covered++;
      return undefined;
    }
    const record = recordOfForeign(event, ids, fallbackMs);
    if (record === undefined) {
      imported.unknown++;
      return undefined;
    }
    imported.events++;
    batch.push(record);
    return batch.length >= batchRecords ? flush() : undefined;
  });
  await flush();
  await writing;
  imported.damaged = summary.damaged;
  for (const finding of summary.findings) findings.push({ ...finding, file: log.path });
  const hole = options.joins && typeof coveredTo === 'bigint' ? holeBeside(coveredTo, summary) : undefined;
  if (hole !== undefined) findings.push({ ...hole, file: log.path });
  return imported;
}

function jobsWithoutPayload(machine: QueueMachine): string[] {
  const ids: string[] = [];
  for (const job of machine.jobs()) if (job.payload === undefined) ids.push(job.id);
  return ids;
}

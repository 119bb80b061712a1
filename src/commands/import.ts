import { refusedError, usageError } from '../base/errors.ts';
import type { Finding } from '../base/finding.ts';
import { shellWord } from '../base/shell-word.ts';
import type { QueueMachine } from '../queue/machine.ts';
import { createStore, isFresh } from '../storage/create.ts';
import { lockedBy, lockStore } from '../storage/lock.ts';
import { verdictOf } from '../storage/report.ts';
import type { Store } from '../storage/store.ts';
import type { Verdict } from '../storage/types.ts';
import type { CommandContext } from './context.ts';
import { ForeignIds } from './foreign-ids.ts';
import { readForeignJobs } from './foreign-replay.ts';
import { readForeignLog } from './foreign-source.ts';
import { entriesOfForeign, recordOfForeign } from './foreign-state.ts';
import { type ForeignTarget, isForeign, openTarget } from './target.ts';
import { withStore } from './writer.ts';

export interface ImportRequest {
  /** Log files, oldest first. */
  from: readonly string[];
  /** Foreign snapshot that becomes the base. */
  snapshot?: string;
  /** New store; must be missing or empty. */
  store: string;
}

export interface ImportedFile {
  file: string;
  format: string;
  /** Events that are now in the store. */
  events: number;
  /** Sound, but covered by the snapshot and left out. */
  covered: number;
  /** Sound, but of a type that our log has no name for; left out. */
  unknown: number;
  /** Records that could not be read. */
  damaged: number;
}

export interface ImportResult {
  store: string;
  storeId: string;
  files: ImportedFile[];
  base?: { file: string; jobs: number; lastSeq?: string };
  /** Seqs 1..baseSeq stand for the jobs of the snapshot; events are numbered after them. */
  baseSeq: number;
  seqLast: number;
  /** Events in the store that did not fit the state and changed nothing (doubled, out of order). */
  skipped: number;
  /** Jobs that are in the new store without a payload: their log never had one. */
  withoutPayload: string[];
  /** Jobs under a new id, because their own cannot be held: empty, longer than 256 bytes, or with a NUL. */
  renamed: { id: string; was: string }[];
  verdict: Verdict;
  findings: Finding[];
}

/**
 * Makes a new store of foreign logs. Sound records are taken over, damaged ones reported; the sources are only read.
 * Throws E_NOT_A_STORE (7) when the folder is not empty, E_WRONG_TARGET (2) for files of another kind, the damage of
 * the snapshot (3): then no store is made.
 */
export async function importLogs(context: CommandContext, request: ImportRequest): Promise<ImportResult> {
  if (request.from.length === 0 && request.snapshot === undefined) {
    throw usageError('E_USAGE', 'nothing to import: name log files with --from, a snapshot with --snapshot, or both');
  }
  const logs = await openLogs(context, request.from);
  const fallbackMs = context.env.clock.now();
  const base = request.snapshot === undefined ? undefined : await readForeignJobs(context, request.snapshot);
  const ids = new ForeignIds();
  const entries = base === undefined ? [] : entriesOfForeign(base.jobs, ids, fallbackMs);
  const baseSeq = base?.jobs.length ?? 0;
  await refuseUsed(context, request.store);
  const lock = await lockStore(context.env, request.store, { create: true });
  if (lock === undefined) throw await lockedBy(context.env, request.store);
  try {
    await createStore(context.env, request.store, baseSeq === 0 ? {} : { base: { seq: baseSeq, entries } });
  } catch (error) {
    await lock.release();
    throw error;
  }
  context.note(`created the store ${request.store}`);
  const findings: Finding[] = [];
  const importAll = async (store: Store<QueueMachine>): Promise<ImportResult> => {
    const files: ImportedFile[] = [];
    for (const [at, log] of logs.entries()) {
      const coveredTo = base === undefined ? undefined : coverage(at, logs.length, base.summary.lastSeq);
      files.push(await importFile(context, store, log, { coveredTo, ids, fallbackMs, findings }));
    }
    return {
      store: request.store,
      storeId: store.id,
      files,
      ...(base && {
        base: {
          file: base.summary.file,
          jobs: baseSeq,
          ...(base.summary.lastSeq !== undefined && { lastSeq: base.summary.lastSeq }),
        },
      }),
      baseSeq,
      seqLast: store.seqLast,
      skipped: store.machine.totals.skipped,
      withoutPayload: jobsWithoutPayload(store.machine),
      renamed: [...ids.renamed].map(([id, was]) => ({ id, was })),
      verdict: verdictOf(findings),
      findings,
    };
  };
  return await withStore(context, request.store, lock, importAll);
}

async function openLogs(context: CommandContext, paths: readonly string[]): Promise<ForeignTarget[]> {
  const logs: ForeignTarget[] = [];
  for (const path of paths) {
    const target = await openTarget(context, path);
    if (!isForeign(target) || target.format.kind !== 'log') {
      throw usageError('E_WRONG_TARGET', `--from: ${path} is not a log of another system`, {
        data: { file: path },
        ...(isForeign(target) ? { next: `walq wal import --snapshot ${shellWord(path)} --store DIR` } : {}),
      });
    }
    logs.push(target);
  }
  return logs;
}

async function refuseUsed(context: CommandContext, store: string): Promise<void> {
  const info = await context.env.fs.stat(store);
  if (info === undefined) return;
  if (info.kind === 'folder' && (await isFresh(context.env, store))) return;
  throw refusedError('E_NOT_A_STORE', `${store} is not empty; an import makes a new store`, {
    data: { store },
    next: 'name a folder that does not exist yet',
  });
}

/**
 * Numbers start again with every rotated file, and the snapshot's last number is one of the newest rotated file: the
 * one before the live log. Files before that one are covered wholly. A log given alone is taken for the live one.
 * `undefined`: nothing is covered.
 */
function coverage(at: number, files: number, lastSeq: string | undefined): bigint | 'all' | undefined {
  if (files < 2 || at === files - 1) return undefined;
  return at === files - 2 ? BigInt(lastSeq ?? '0') : 'all';
}

interface FileOptions {
  coveredTo: bigint | 'all' | undefined;
  ids: ForeignIds;
  fallbackMs: number;
  findings: Finding[];
}

const batchRecords = 512;

async function importFile(
  context: CommandContext,
  store: Store<QueueMachine>,
  log: ForeignTarget,
  options: FileOptions,
): Promise<ImportedFile> {
  const { coveredTo, ids, fallbackMs, findings } = options;
  const imported: ImportedFile = {
    file: log.path,
    format: log.format.name,
    events: 0,
    covered: 0,
    unknown: 0,
    damaged: 0,
  };
  let batch: Uint8Array[] = [];
  let writing: Promise<unknown> = Promise.resolve();
  const flush = async (): Promise<void> => {
    const records = batch;
    batch = [];
    // One batch is written while the next is read.
    await writing;
    if (records.length === 0) return;
    writing = store.append(records);
    // Awaited before the next one; until then nobody may call the rejection unhandled.
    writing.catch(() => undefined);
  };
  const summary = await readForeignLog(context, log, (event) => {
    if (coveredTo !== undefined && (coveredTo === 'all' || BigInt(event.seq) <= coveredTo)) {
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
  return imported;
}

function jobsWithoutPayload(machine: QueueMachine): string[] {
  const ids: string[] = [];
  for (const job of machine.jobs()) if (job.payload === undefined) ids.push(job.id);
  return ids;
}

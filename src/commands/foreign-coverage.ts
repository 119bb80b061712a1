import { usageError, type WalqError } from '../base/errors.ts';
import type { Finding } from '../base/finding.ts';
import { shellPath } from '../base/shell-word.ts';
import type { ForeignEvent, ForeignJob, ForeignLogSummary, ForeignSnapshotSummary } from '../formats/types.ts';
import type { CommandContext } from './context.ts';
import { readForeignLog } from './foreign-source.ts';
import type { ForeignTarget } from './target.ts';

/** Up to which number the events of a log are in the snapshot already. `undefined`: none of them is. */
export type Covered = bigint | 'all' | undefined;

export function isCovered({ seq }: Pick<ForeignEvent, 'seq'>, covered: Covered): boolean {
  return covered !== undefined && (covered === 'all' || BigInt(seq) <= covered);
}

/** What the beginning of a log tells about its place among others. */
export interface LogStart {
  firstMs?: number;
  /** Ids of its first ENQUEUEs. */
  enqueued: readonly string[];
}

/** What a snapshot tells about the logs it covers. */
export interface SnapshotStand {
  /** Whether `lastSeq` counts through all logs, or in one of several that each begin at 1. */
  numbersRunOn: boolean;
  lastSeq: bigint;
  /** The newest change to one of its jobs. */
  newestMs: number | undefined;
  /** Whether jobs that are done are in it too. */
  isFull: boolean;
  has(id: string): boolean;
}

export function standOf(jobs: readonly ForeignJob[], summary: ForeignSnapshotSummary): SnapshotStand {
  const ids = new Set<string>();
  let newestMs = 0;
  for (const job of jobs) {
    ids.add(job.id);
    newestMs = Math.max(newestMs, Number(job.updatedMs ?? 0), Number(job.createdMs ?? 0));
  }
  return {
    numbersRunOn: summary.format === 'document-snapshot',
    lastSeq: BigInt(summary.lastSeq ?? '0'),
    newestMs: newestMs === 0 ? undefined : newestMs,
    isFull: summary.byStatus.completed + summary.byStatus.dead > 0,
    has: (id) => ids.has(id),
  };
}

export interface Coverage {
  numbersRunOn: boolean;
  covered: Covered[];
  /** The log in which the last number of the snapshot counts; -1 for none. */
  anchor: number;
  /** A log that should be covered and is newer than the snapshot; -1 for none. */
  misplaced: number;
}

/**
 * What a snapshot covers of the logs, oldest first.
 *
 * raft-recovery rotates its log after a snapshot and counts from 1 again: the last number is one of the newest rotated
 * log, those before it are covered wholly. That is the log before the last, the live one; a log given alone is taken
 * for the live one. Content may say otherwise: a log that enqueues jobs of the snapshot is no newer than it, and one
 * that begins after the newest change in the snapshot, and enqueues none of its jobs, is not covered.
 */
export function coverageOf(logs: readonly LogStart[], stand: SnapshotStand): Coverage {
  const { numbersRunOn } = stand;
  if (numbersRunOn) return { numbersRunOn, covered: logs.map(() => stand.lastSeq), anchor: -1, misplaced: -1 };
  let anchor = logs.length - 2;
  const last = logs.at(-1);
  if (last !== undefined && isInside(last, stand)) anchor = logs.length - 1;
  else while (anchor >= 0 && isAfter(logs[anchor] as LogStart, stand)) anchor--;
  const covered = logs.map((_, at): Covered => (at < anchor ? 'all' : at === anchor ? stand.lastSeq : undefined));
  const misplaced = logs.slice(0, Math.max(0, anchor)).findIndex((log) => isAfter(log, stand));
  return { numbersRunOn, covered, anchor, misplaced };
}

function isInside({ firstMs, enqueued }: LogStart, stand: SnapshotStand): boolean {
  const begins = firstMs === undefined || stand.newestMs === undefined || firstMs <= stand.newestMs;
  return begins && enqueued.some((id) => stand.has(id));
}

/** A snapshot of unfinished jobs only lacks those that a covered log enqueued: from it nothing follows. */
function isAfter({ firstMs, enqueued }: LogStart, stand: SnapshotStand): boolean {
  if (!stand.isFull || firstMs === undefined || stand.newestMs === undefined || enqueued.length === 0) return false;
  return firstMs > stand.newestMs && !enqueued.some((id) => stand.has(id));
}

export function newerThanSnapshot(path: string, anchor: string): WalqError {
  const message = `--from: ${path} is newer than the snapshot, but given before ${anchor}, which is not; oldest first`;
  return usageError('E_IMPORT_ORDER', message, { data: { file: path } });
}

/** The hole between a snapshot that covers up to `lastSeq` and the log that goes on from it, if there is one. */
export function holeBeside(lastSeq: bigint, log: ForeignLogSummary): Omit<Finding, 'file'> | undefined {
  const numbersRunOn = log.format === 'document-log';
  const [first, last] = [BigInt(log.seqFirst ?? '0'), BigInt(log.seqLast ?? '0')];
  const facts = { code: 'E_IMPORT_BASE', severity: 'corrupt' } as const;
  if (numbersRunOn && first > lastSeq + 1n) {
    const message = `the snapshot ends at ${lastSeq} and the log begins at ${first}: what lies between is missing`;
    return { ...facts, seqFirst: String(lastSeq + 1n), seqLast: String(first - 1n), message };
  }
  if (!numbersRunOn && last < lastSeq) {
    const message =
      `the snapshot counts up to ${lastSeq} in this log, which ends at ${last}: ` +
      'its end is missing, or another log was rotated after it';
    return { ...facts, seqFirst: String(last + 1n), seqLast: String(lastSeq), message };
  }
  return undefined;
}

const peekedEvents = 4096;

/** Reads the beginning of a log. A stream is left alone: it can be read only once. */
export async function peekLog(context: CommandContext, target: ForeignTarget): Promise<LogStart> {
  const enqueued: string[] = [];
  if (target.kind === 'foreign-stream') return { enqueued };
  let firstMs: number | undefined;
  let events = 0;
  await readForeignLog(context, target, (event) => {
    if (firstMs === undefined && event.timeMs !== undefined) firstMs = Number(event.timeMs);
    if (event.type === 'ENQUEUE') enqueued.push(event.jobId);
    return ++events < peekedEvents;
  });
  return { enqueued, ...(firstMs === undefined ? {} : { firstMs }) };
}

const rotatedName = /^(.*)\.(\d{8}_\d{6})$/s;

/**
 * Logs must come oldest first, and a shell's NAME* gives the live one first. Throws E_IMPORT_ORDER (2) when the names
 * say so: rotated ones are NAME.YYYYMMDD_HHMMSS.
 */
export function refuseWrongOrder(paths: readonly string[], next: (sorted: readonly string[]) => string): void {
  const parts = paths.map((path) => {
    const [, name = path, stamp = ''] = rotatedName.exec(path) ?? [];
    return { path, name, stamp };
  });
  const wrong = parts.find((each, at) => {
    const older = parts.slice(at + 1).filter(({ name, stamp }) => name === each.name && stamp !== '');
    return older.some(({ stamp }) => each.stamp === '' || stamp < each.stamp);
  });
  if (wrong === undefined) return;
  const sorted = [...parts].sort((a, b) => {
    if (a.name !== b.name || a.stamp === b.stamp) return 0;
    return a.stamp === '' || (b.stamp !== '' && a.stamp > b.stamp) ? 1 : -1;
  });
  throw usageError('E_IMPORT_ORDER', `--from: ${wrong.path} is newer than a log named after it; oldest first`, {
    data: { file: wrong.path },
    next: next(sorted.map(({ path }) => shellPath(path))),
  });
}

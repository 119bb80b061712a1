import { damageError, newerError, usageError, type WalqError } from '../base/errors.ts';
import { findingError } from '../base/finding.ts';
import { baseName } from '../base/path.ts';
import { shellPath } from '../base/shell-word.ts';
import { QueueMachine } from '../queue/state/machine.ts';
import { fitting } from '../storage/report.ts';
import { hashEntries } from '../storage/snapshot/hash.ts';
import { readSnapshot } from '../storage/snapshot/read.ts';
import type { LogReport, LostRange } from '../storage/types.ts';
import { parseSegmentFileName } from '../storage/wal/names.ts';
import type { CommandContext } from './context.ts';
import type { LogSource } from './log-source.ts';
import { replayPath } from './replay.ts';
import { resolveRange } from './resolve.ts';
import type { SelectorRange } from './selector.ts';
import { listStoreSnapshots } from './snapshots.ts';
import type { Target } from './target.ts';
import { isWhole } from './verdict.ts';

/** What will be exported, known before the first line is written. */
export interface ExportPlan {
  seqFirst: number;
  /** One less than the first where the log holds no event. */
  seqLast: number;
  base?: ExportStart;
  /** Of the whole log, whatever part of it is wanted. */
  report: LogReport;
}

/** The state that the events stand on. */
export interface ExportStart {
  machine: QueueMachine;
  seq: number;
  /** How many a snapshot of it has. */
  entries: number;
  stateHash: string;
}

export interface PlanOptions {
  range?: SelectorRange | undefined;
  /** The form has a place for a state. */
  wantsBase: boolean;
}

/**
 * Reads the whole log once: an export of a damaged one would be half of one that looks whole, so it ends here, unless
 * the range ends before the damage. Undefined where a writer has gone on and cleaned meanwhile: what was read is not
 * there any more. Throws the damage (3, 5), E_NO_BASE (3), E_BEFORE_BASE, E_SEQ_RANGE (2).
 */
export async function planExport(
  context: CommandContext,
  target: Target,
  log: LogSource,
  { range, wantsBase }: PlanOptions,
): Promise<ExportPlan | undefined> {
  const look = await lookOver(log);
  const { report, seqFirst } = look;
  const bounds = range === undefined ? {} : await resolveRange(range, log.look());
  const seqLast = bounds.to ?? look.seqLast;
  if (!isWhole(report.verdict) && (bounds.to === undefined || bounds.to > look.seqLast)) {
    throw refusedDamage(target.path, look);
  }
  const from = Math.max(bounds.from ?? seqFirst, seqFirst);
  const beyond = seqLast > look.seqLast ? seqLast : from;
  if (seqLast > look.seqLast || (from > look.seqLast && bounds.from !== undefined)) {
    throw usageError('E_SEQ_RANGE', `seq ${beyond} is not in the log, which ends at ${look.seqLast}`, {
      data: { seq: beyond, seqLast: look.seqLast },
    });
  }
  const plan = { seqFirst: from, seqLast, report };
  if (!wantsBase) return plan;
  const base =
    from > seqFirst ? await stateBefore(context, target, from) : await baseOf(context, target, look, seqLast);
  if (base === 'cleaned') return undefined;
  return base === undefined ? plan : { ...plan, base };
}

interface Overlook {
  report: LogReport;
  /** Where the log begins. */
  seqFirst: number;
  /** The last seq before the first fault. */
  seqLast: number;
  /** Inclusive, as the frames have them. */
  lost: LostRange[];
}

async function lookOver(log: LogSource): Promise<Overlook> {
  let seqFirst: number | undefined;
  let seqLast: number | undefined;
  const lost: LostRange[] = [];
  const report = await log.scan({
    frame(frame) {
      if (frame.afterHole || (frame.type !== 'data' && frame.type !== 'lost')) return undefined;
      seqFirst ??= frame.seqFirst;
      seqLast = frame.seqFirst + frame.count - 1;
      if (frame.type === 'lost') lost.push({ seqFirst: frame.seqFirst, seqLast });
      return undefined;
    },
  });
  const named = parseSegmentFileName(baseName(report.segments[0]?.file ?? ''))?.seqFirst ?? 1;
  const first = seqFirst ?? named;
  return { report, seqFirst: first, seqLast: seqLast ?? first - 1, lost };
}

function refusedDamage(path: string, { report, seqFirst, seqLast }: Overlook): WalqError {
  const sound = seqLast < seqFirst ? '' : `; what comes before it can be exported: ..${seqLast}`;
  const error = findingError(report.findings, {
    next: `walq wal repair ${shellPath(path)} --mode salvage --to NEWSTORE, then export that`,
  });
  const make = report.verdict === 'newer' ? newerError : damageError;
  return make(error.code, `${error.message}${sound}`, {
    data: { ...error.data, seqLast },
    ...(error.next === undefined ? {} : { next: error.next }),
  });
}

/** The state before an event in the middle of the log. */
async function stateBefore(context: CommandContext, target: Target, seq: number): Promise<ExportStart> {
  const request = { path: target.path, until: String(seq - 1), snapshot: 'auto' };
  const { machine } = await replayPath(context, request);
  return { machine, seq: seq - 1, entries: entriesIn(machine), stateHash: hashEntries(machine.cut()) };
}

/**
 * The state that a whole log needs: of the oldest good snapshot that reaches the first event and stands behind lost
 * events, as far as one does: what these did is in a snapshot and nowhere else. None for a log that begins at 1 and has
 * lost nothing. 'cleaned': the snapshots are of a log that goes further than the one that was read.
 */
async function baseOf(
  context: CommandContext,
  { kind, path }: Target,
  { report, seqFirst, seqLast: end, lost }: Overlook,
  seqLast: number,
): Promise<ExportStart | 'cleaned' | undefined> {
  const { snapshots } = kind === 'store' ? await listStoreSnapshots(context, path) : { snapshots: [] };
  const good = fitting(snapshots, report.findings)
    .filter(({ summary, seq }) => summary !== undefined && seq <= seqLast)
    .sort((a, b) => a.seq - b.seq);
  const newest = good.at(-1)?.seq ?? 0;
  const covered = lost.reduce((last, range) => (range.seqLast <= newest ? Math.max(last, range.seqLast) : last), 0);
  if (seqFirst === 1 && covered === 0) return undefined;
  const chosen = good.find(({ seq }) => seq >= Math.max(seqFirst - 1, covered));
  if (chosen === undefined) {
    // Ahead of a log that is whole: it has grown since.
    if (isWhole(report.verdict) && snapshots.some(({ seq }) => seq > end)) return 'cleaned';
    throw noBase(kind, path, seqFirst);
  }
  const machine = new QueueMachine();
  const file = `${path}/${chosen.file}`;
  const { seq, stateHash } = await readSnapshot(context.env, file, (entry) => machine.load(entry));
  if (hashEntries(machine.cut()) !== stateHash) {
    throw newerError('E_RECORD_NEWER', `${chosen.file} holds fields of a newer walq, which an export would lose`, {
      data: { file },
    });
  }
  return { machine, seq, entries: entriesIn(machine), stateHash };
}

function entriesIn({ settings, size }: QueueMachine): number {
  const { limits, pauses, schedules } = settings;
  // One has the facts.
  return 1 + limits.length + pauses.length + schedules.length + size;
}

function noBase(kind: Target['kind'], path: string, seqFirst: number): WalqError {
  const why = kind === 'store' ? 'no good snapshot covers what came before' : 'its state is not in this file';
  return damageError('E_NO_BASE', `the log begins at seq ${seqFirst}, and ${why}`, {
    data: { file: path, seqFirst },
    next: kind === 'store' ? 'walq help E_NO_BASE' : `walq wal inspect ${shellPath(path)} -o ndjson`,
  });
}

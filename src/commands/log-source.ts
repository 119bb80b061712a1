import { usageError } from '../base/errors.ts';
import { shellPath } from '../base/shell-word.ts';
import { recordTime } from '../queue/events/events.ts';
import { besideWriter } from '../storage/beside-writer.ts';
import { listWal, walFolder } from '../storage/folder.ts';
import { scanSegmentFile, scanStore, scanStream, scanWalFolder } from '../storage/read.ts';
import { listSnapshots } from '../storage/snapshot/list.ts';
import { checkSnapshot } from '../storage/snapshot/read.ts';
import type { LogReport } from '../storage/types.ts';
import type { LogVisitor } from '../storage/wal/scan-log.ts';
import type { CommandContext } from './context.ts';
import { safely } from './event-row.ts';
import { scanExport } from './export-source.ts';
import type { LogLook } from './resolve.ts';
import { shownPath, type Target } from './target.ts';

/** A log of ours, wherever it lies, to be read front to back as often as needed. */
export interface LogSource {
  path: string;
  /** Reading may begin in the middle, and the log may grow: a store or wal/ folder. */
  canSeek: boolean;
  /** Records before `fromSeq` may be left out; they need not be. */
  scan(visitor: LogVisitor, fromSeq?: number): Promise<LogReport>;
  /** First seq that the log may hold, where that is known without reading it. */
  begins(): Promise<number | undefined>;
  /** Answers for selectors; each costs a scan at most. */
  look(): LogLook;
}

/** Throws E_WRONG_TARGET (exit 2) for a snapshot. */
export function openLog(context: CommandContext, target: Target): LogSource {
  const { env } = context;
  const { path } = target;
  const scan: LogSource['scan'] = async (visitor, fromSeq) => {
    const watched: LogVisitor = { ...visitor, progress: (bytes) => context.progress(bytes, undefined) };
    switch (target.kind) {
      case 'store':
        return await scanStore(env, path, watched, fromSeq === undefined ? {} : { fromSeq });
      case 'wal-folder':
        return await scanWalFolder(env, path, watched);
      case 'segment':
        return await scanSegmentFile(env, path, watched);
      case 'segment-stream':
        return await scanStream(target.take(), watched);
      case 'export':
      case 'export-stream':
        return await scanExport(context, target, watched);
      default:
        throw usageError('E_WRONG_TARGET', `${shownPath(path)} is a snapshot, not a log`, {
          data: { file: path },
          next: `walq snapshot show ${shellPath(path)}`,
        });
    }
  };
  const canSeek = target.kind === 'store';
  const begins: LogSource['begins'] = async () => {
    if (target.kind !== 'store') return undefined;
    return (await listWal(env, `${path}/${walFolder}`)).segments[0]?.seqFirst;
  };
  return { path, canSeek, scan, begins, look: () => lookAt(context, target, scan, begins) };
}

function lookAt(
  context: CommandContext,
  target: Target,
  scan: LogSource['scan'],
  begins: LogSource['begins'],
): LogLook {
  const { env } = context;
  let known: ReturnType<LogLook['ends']> | undefined;
  const findEnds: LogLook['ends'] = async () => {
    if (target.kind !== 'store') return endsOf(await scan({}));
    // The names say where the log begins; only its last segment need be read to see where it ends.
    const { segments } = await listWal(env, `${target.path}/${walFolder}`);
    const [first, last] = [segments[0], segments.at(-1)];
    const report = await scan({}, last?.seqFirst);
    const ends = endsOf(report);
    return first === undefined || ends === undefined ? ends : { seqFirst: first.seqFirst, seqLast: ends.seqLast };
  };
  return {
    begins,
    ends() {
      known ??= findEnds();
      return known;
    },
    async seqAtTime(ms) {
      let found: number | undefined;
      let later = 0;
      let laterBefore = 0;
      await scan({
        record(record) {
          if (timeOf(record.bytes) <= ms) {
            found = record.seq;
            laterBefore = later;
          } else later++;
          return undefined;
        },
      });
      if (laterBefore > 0) {
        const events =
          laterBefore === 1 ? '1 event before that point is' : `${laterBefore} events before that point are`;
        context.note(`the clock stepped back: ${events} later than the time asked for`);
      }
      return found;
    },
    async seqFromTime(ms) {
      let found: number | undefined;
      await scan({
        record(record) {
          if (timeOf(record.bytes) < ms) return undefined;
          found = record.seq;
          return false;
        },
      });
      return found;
    },
    snapshotSeq: () => newestGoodSnapshot(context, target),
    nowMs: () => env.clock.now(),
  };
}

function endsOf(report: LogReport): { seqFirst: number; seqLast: number } | undefined {
  const { seqFirst, seqLast } = report;
  return seqFirst === undefined || seqLast === undefined ? undefined : { seqFirst, seqLast };
}

/** A record without a readable time counts as old: it must not hide what comes after it. */
function timeOf(record: Uint8Array): number {
  return safely(() => recordTime(record)) ?? 0;
}

async function newestGoodSnapshot(context: CommandContext, target: Target): Promise<number | undefined> {
  if (target.kind !== 'store') return undefined;
  const { env } = context;
  return await besideWriter(env, target.path, async () => {
    const { snapshots } = await listSnapshots(env, target.path);
    for (const { file, seq } of snapshots) {
      const check = await checkSnapshot(env, `${target.path}/${file}`, { file });
      if (check.summary !== undefined) return seq;
    }
    return undefined;
  });
}

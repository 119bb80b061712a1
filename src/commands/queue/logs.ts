import { notFoundError } from '../../base/errors.ts';
import { excerpt } from '../../base/escape.ts';
import { openIfThere } from '../../fs/read.ts';
import { type LogFileInfo, logFilesOf } from '../../queue/process/log-files.ts';
import { isEnded } from '../../queue/state/ended.ts';
import { QueueMachine } from '../../queue/state/machine.ts';
import { replayTo } from '../../storage/replay.ts';
import type { CommandContext } from '../context.ts';
import { openStoreTarget } from '../store-target.ts';
import { LiveQueue } from './live-queue.ts';

export interface LogsRequest {
  id: string;
  /** Only this attempt, from 1; one that was given back and repeated has several files. */
  attempt?: number;
}

/** A piece of what an attempt printed; `first` begins a file. */
export interface LogPiece {
  file: LogFileInfo;
  first: boolean;
  bytes: Uint8Array;
}

/** Takes a piece; its bytes are valid until the promise resolves. */
export type TakePiece = (piece: LogPiece) => Promise<void>;

/**
 * The log files of a job, oldest attempt first. Throws E_JOB_UNKNOWN (1) when there is neither a file nor a job,
 * E_NO_MATCH (1) when the attempt asked for has none; an empty list is a job that has printed nothing.
 */
export async function logsOf(
  context: CommandContext,
  { id, attempt }: LogsRequest,
): Promise<{ store: string; files: LogFileInfo[] }> {
  const { env } = context;
  const store = await openStoreTarget(context, []);
  const all = await logFilesOf(env.fs, store, id);
  const files = attempt === undefined ? all : all.filter((file) => file.attempt === attempt);
  if (all.length === 0) {
    const { machine } = await replayTo(env, store, () => new QueueMachine());
    if (machine.get(id) === undefined) throw unknownJob(id, store);
  } else if (files.length === 0) {
    const known = [...new Set(all.map((file) => file.attempt))].join(', ');
    throw notFoundError('E_NO_MATCH', `attempt ${attempt} of ${excerpt(id)} has printed nothing; ${known} has`, {
      data: { job: id, attempt },
    });
  }
  return { store, files };
}

/** Hands out the files from end to end. */
export async function readLogs(context: CommandContext, files: readonly LogFileInfo[], take: TakePiece): Promise<void> {
  for (const file of files) await readOn(context, file, 0, take);
}

/**
 * Goes on with what is printed, attempt after attempt, until the job is finished; with an attempt given, until that one
 * is over. Throws what `logsOf` throws.
 */
export async function followLogs(context: CommandContext, request: LogsRequest, take: TakePiece): Promise<void> {
  const { env, signal } = context;
  const { id, attempt } = request;
  const store = await openStoreTarget(context, []);
  const live = new LiveQueue(env, store);
  await live.open();
  const positions = new Map<string, number>();
  if (live.machine.get(id) === undefined && (await logFilesOf(env.fs, store, id)).length === 0) {
    throw unknownJob(id, store);
  }
  while (!signal.aborted) {
    // Looked at first: the outcome of an attempt is on disk after its output.
    await live.advance();
    const over = isOver(live, id, attempt);
    for (const file of await logFilesOf(env.fs, store, id)) {
      if (attempt !== undefined && file.attempt !== attempt) continue;
      positions.set(file.path, await readOn(context, file, positions.get(file.path) ?? 0, take));
    }
    if (over) return;
    await live.pause(followPauseMs);
  }
}

const followPauseMs = 200;

function isOver(live: LiveQueue, id: string, attempt: number | undefined): boolean {
  const job = live.machine.get(id);
  if (job === undefined || isEnded(job)) return true;
  return attempt !== undefined && (job.attempt > attempt || (job.attempt === attempt && job.state !== 'in_flight'));
}

const chunkBytes = 64 * 1024;

/** Returns the position after what was read. A file that is gone meanwhile has no more to say. */
async function readOn(context: CommandContext, file: LogFileInfo, from: number, take: TakePiece): Promise<number> {
  const source = await openIfThere(context.env.fs, file.path);
  if (source === undefined) return from;
  try {
    const buffer = new Uint8Array(chunkBytes);
    let position = from;
    for (;;) {
      const got = await source.read(buffer, position);
      if (got === 0) return position;
      await take({ file, first: position === 0, bytes: buffer.subarray(0, got) });
      position += got;
    }
  } finally {
    await source.close();
  }
}

function unknownJob(id: string, store: string) {
  return notFoundError('E_JOB_UNKNOWN', `there is no job ${excerpt(id, 80)} in ${store}, and no output of one`, {
    data: { job: id, store },
    next: 'walq queue list',
  });
}

import type { Clock } from '../../base/clock.ts';
import { Exit, usageError, type WalqError } from '../../base/errors.ts';
import { join } from '../../base/path.ts';
import { UuidSource } from '../../base/uuid.ts';
import type { EnqueueAnswer } from '../../queue/engine-types.ts';
import { parseJobSpec } from '../../queue/ops/parse-spec.ts';
import type { JobSpec } from '../../queue/ops/spec.ts';
import type { CommandContext } from '../context.ts';
import { standardInput, storeToCreate } from '../store-path.ts';
import { onQueue, type WriterOptions } from '../writer.ts';
import { chunksOf } from './file-chunks.ts';
import { JobFeed } from './job-feed.ts';
import { type InputJob, payloadIn, readJobs, readLines } from './job-input.ts';
import { checkedJobs, sendJobs } from './send-jobs.ts';
import { withoutMark } from './text-lines.ts';

export interface EnqueueRequest extends WriterOptions {
  /** Options given on the command line; for `file` and `lines` they are what a job has unless it says otherwise. */
  template: JobSpec;
  /** JSON array or NDJSON of jobs; '-' is standard input. */
  file?: string;
  /** The payload of the one job, as JSON text; '-' is standard input. */
  payloadFile?: string;
  /** Every line of standard input (or of `file`) is a payload. */
  lines: boolean;
  /** Take `command` fields from the input. */
  allowCommands: boolean;
  /** What to do with a record that is no good job. */
  onError: 'stop' | 'skip';
  /** Jobs in flight of the template's group at a time; 0 = no limit. */
  groupLimit?: number;
}

export interface EnqueueResult {
  store: string;
  created: boolean;
  enqueued: number;
  /** Jobs that took the place of one that waited with the same key. */
  replaced: number;
  duplicates: number;
  /** Records left out because they were no good jobs. */
  skipped: number;
}

export interface EnqueueListener {
  /** Jobs that are on disk, in the order of the input. */
  answered(answers: readonly EnqueueAnswer[]): Promise<void> | undefined;
  /** A record that is left out, under 'skip'. */
  skipped(error: WalqError): void;
}

/**
 * Puts jobs into the queue, each batch of the input as one frame: when it is full, or when the input pauses. Throws
 * usage errors (2) for a bad job under 'stop': nothing of its batch is in the queue, what was answered before is.
 * Throws E_LOCKED (6), the damage that refuses writing (3), E_NO_SPACE and others (74).
 */
export async function enqueue(
  context: CommandContext,
  request: EnqueueRequest,
  listener: EnqueueListener,
): Promise<EnqueueResult> {
  const { template, groupLimit, lockTimeoutMs, pid } = request;
  const result = emptyResult(await storeToCreate(context));
  const bad = badRecord(request.onError, result, listener);
  const jobs = inputOf(context, request, bad);
  const group = template.group ?? '';
  await sendAll(context, jobs, { lockTimeoutMs, pid, command: 'walq queue enqueue' }, result, listener, {
    bad,
    ...(groupLimit !== undefined && { limit: { group, concurrency: groupLimit } }),
  });
  return result;
}

export function emptyResult(store: string): EnqueueResult {
  return { store, created: false, enqueued: 0, replaced: 0, duplicates: 0, skipped: 0 };
}

/** Only what is wrong with one record can be left out. */
export function badRecord(
  onError: 'stop' | 'skip',
  result: EnqueueResult,
  listener: EnqueueListener,
): (error: WalqError) => void {
  return (error) => {
    if (onError === 'stop' || (error.exit !== Exit.usage && error.exit !== Exit.failed)) throw error;
    result.skipped++;
    listener.skipped(error);
  };
}

/** Sends a stream of jobs and counts the answers. A store is created for the first good job, not before. */
export async function sendAll(
  context: CommandContext,
  jobs: AsyncIterable<readonly InputJob[]>,
  writer: WriterOptions & { command: string },
  result: EnqueueResult,
  listener: EnqueueListener,
  how: { bad: (error: WalqError) => void; limit?: { group: string; concurrency: number } },
): Promise<void> {
  const { clock, random } = context.env;
  const feed = new JobFeed(jobs, clock, new UuidSource(random));
  try {
    let batch = await firstBatch(feed, clock, how.bad);
    if (batch === undefined) return;
    const onOpen = (opened: { created: boolean }) => {
      result.created = opened.created;
    };
    await onQueue(context, result.store, { ...writer, create: true, onOpen }, async (ops) => {
      if (how.limit !== undefined) await ops.call('limit', how.limit);
      for (; batch !== undefined; batch = await feed.next()) {
        const answers = await sendJobs(ops, feed, batch, how.bad);
        count(result, answers);
        await listener.answered(answers);
      }
    });
  } finally {
    feed.close();
  }
}

async function firstBatch(
  feed: JobFeed,
  clock: Clock,
  bad: (error: WalqError) => void,
): Promise<InputJob[] | undefined> {
  for (let batch = await feed.next(); batch !== undefined; batch = await feed.next()) {
    const good = checkedJobs(batch, clock.now(), bad);
    if (good.length > 0) return good;
  }
  return undefined;
}

function count(result: EnqueueResult, answers: readonly EnqueueAnswer[]): void {
  for (const { status } of answers) {
    if (status === 'enqueued') result.enqueued++;
    else if (status === 'replaced') result.replaced++;
    else result.duplicates++;
  }
}

async function* inputOf(
  context: CommandContext,
  request: EnqueueRequest,
  bad: (error: WalqError) => void,
): AsyncGenerator<readonly InputJob[]> {
  const { file, payloadFile, lines, template, allowCommands, onError } = request;
  if (payloadFile !== undefined) {
    const payload = await payloadIn(bytesOf(context, payloadFile), nameForPeople(payloadFile));
    yield [{ spec: { ...template, payload }, place: '' }];
    return;
  }
  if (file === undefined && !lines) {
    yield [{ spec: template, place: '' }];
    return;
  }
  const name = file ?? standardInput;
  const chunks = bytesOf(context, name);
  const shown = nameForPeople(name);
  const parse = (text: string): JobSpec => parseJobSpec(text, { allowCommands });
  const jobs = lines
    ? readLines(chunks, { file: shown, bad })
    : readJobs(chunks, { file: shown, parse, bad, byLine: onError === 'skip' });
  for await (const some of jobs) yield some.map(({ spec, place }) => ({ spec: { ...template, ...spec }, place }));
}

/** The text of a file, or of standard input. */
export function bytesOf(context: CommandContext, name: string): AsyncIterable<Uint8Array> {
  const { env, pipe } = context;
  return withoutMark(name === standardInput ? context.stdin() : chunksOf({ fs: env.fs, pipe }, name));
}

export function nameForPeople(name: string): string {
  return name === standardInput ? 'standard input' : name;
}

export function refuseTogether(given: Readonly<Record<string, boolean>>): void {
  const flags = Object.keys(given).filter((flag) => given[flag]);
  if (flags.length > 1) throw usageError('E_USAGE', `${flags.join(' and ')} exclude each other`);
}

/** A store path that children can use from any folder. */
export function absolutePath(path: string, cwd: string): string {
  return path.startsWith('/') ? path : join(cwd, path.replace(/^\.\//, ''));
}

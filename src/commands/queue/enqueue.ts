import { usageError } from '../../base/errors.ts';
import { join } from '../../base/path.ts';
import { UuidSource } from '../../base/uuid.ts';
import type { EnqueueAnswer } from '../../queue/engine-types.ts';
import type { QueueMachine } from '../../queue/machine.ts';
import { withQueue } from '../../queue/run/access.ts';
import { defaultPayloadBytesMax, enqueueEvent, type JobSpec } from '../../queue/spec.ts';
import type { Store } from '../../storage/store.ts';
import type { CommandContext } from '../context.ts';
import { standardInput } from '../store-path.ts';
import { storeToCreate } from '../store-target.ts';
import { noteRecovery } from '../writer.ts';
import { fileChunks } from './file-chunks.ts';
import { readJobs, readLines } from './read-jobs.ts';

export interface EnqueueRequest {
  /** Options given on the command line; for `file` and `lines` they are what a job has unless it says otherwise. */
  template: JobSpec;
  /** JSON array or NDJSON of jobs; '-' is standard input. */
  file?: string;
  /** Every line of standard input (or of `file`) is a payload. */
  lines: boolean;
  /** Take `command` fields from the input. */
  allowCommands: boolean;
  lockTimeoutMs: number;
  /** Of this process. */
  pid: number;
}

export interface EnqueueResult {
  store: string;
  created: boolean;
  enqueued: number;
  /** Jobs that took the place of one that waited with the same key. */
  replaced: number;
  duplicates: number;
}

/** Jobs of one frame at most. Even if a runner's socket must escape every byte of it, a message holds a batch. */
const batchJobs = 1000;
const batchBytes = 512 * 1024;

/**
 * Puts jobs into the queue, each batch of the input as one frame. `answered` gets every job once it is on disk, in
 * input order. Throws usage errors (2) for a bad job: the batches before it are in the queue. Throws E_LOCKED (6),
 * the damage that refuses writing (3), E_NO_SPACE and others (74).
 */
export async function enqueue(
  context: CommandContext,
  request: EnqueueRequest,
  answered: (answers: readonly EnqueueAnswer[]) => Promise<void> | undefined,
): Promise<EnqueueResult> {
  const { env } = context;
  const store = await storeToCreate(context);
  const ids = new UuidSource(env.clock, env.random);
  const result: EnqueueResult = { store, created: false, enqueued: 0, replaced: 0, duplicates: 0 };
  // The first batch is read and checked before the store is touched: bad input creates nothing.
  const batches = batchesOf(specs(context, request), ids);
  let batch = await batches.next();
  for (const spec of batch.done ? [] : batch.value) {
    enqueueEvent(spec, spec.id ?? '', env.clock.now(), { payloadBytesMax: defaultPayloadBytesMax });
  }
  const options = {
    create: true,
    lockTimeoutMs: request.lockTimeoutMs,
    pid: request.pid,
    command: 'walq queue enqueue',
    onOpen: (opened: Store<QueueMachine>) => {
      result.created = opened.created;
      if (opened.created) context.note(`created a new store at ${store}`);
      noteRecovery(context, opened);
    },
  };
  await withQueue(env, store, options, async (ops) => {
    while (!batch.done) {
      const { jobs: answers } = await ops.call('enqueue', { jobs: batch.value });
      for (const answer of answers) {
        if (answer.status === 'enqueued') result.enqueued++;
        else if (answer.status === 'replaced') result.replaced++;
        else result.duplicates++;
      }
      await answered(answers);
      batch = await batches.next();
    }
  });
  return result;
}

async function* specs(context: CommandContext, request: EnqueueRequest): AsyncGenerator<JobSpec> {
  const { file, lines, template, allowCommands } = request;
  if (file === undefined && !lines) {
    yield template;
    return;
  }
  const name = file ?? standardInput;
  const chunks = name === standardInput ? context.stdin() : fileChunks(context.env.fs, name);
  if (lines) yield* readLines(chunks, template);
  else for await (const spec of readJobs(chunks, { allowCommands, file: name })) yield { ...template, ...spec };
}

/** Ids are given here, before anything is sent: a job asked for twice is then recognised. */
async function* batchesOf(source: AsyncIterable<JobSpec>, ids: UuidSource): AsyncGenerator<JobSpec[], undefined> {
  let batch: JobSpec[] = [];
  let bytes = 0;
  for await (const spec of source) {
    const own = bytesOf(spec);
    if (batch.length >= batchJobs || (batch.length > 0 && bytes + own > batchBytes)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push({ ...spec, id: spec.id ?? ids.next() });
    bytes += own;
  }
  if (batch.length > 0) yield batch;
  return undefined;
}

function bytesOf({ payload = '', command = [], id = '', name = '' }: JobSpec): number {
  return 200 + [payload, id, name, ...command].reduce((sum, text) => sum + Buffer.byteLength(text) + 4, 0);
}

/** A store path that children can use from any folder. */
export function absolutePath(path: string, cwd: string): string {
  return path.startsWith('/') ? path : join(cwd, path.replace(/^\.\//, ''));
}

export function refuseTogether(given: Readonly<Record<string, boolean>>): void {
  const flags = Object.keys(given).filter((flag) => given[flag]);
  if (flags.length > 1) throw usageError('E_USAGE', `${flags.join(' and ')} exclude each other`);
}

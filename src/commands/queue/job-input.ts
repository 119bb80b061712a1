import { usageError, WalqError } from '../../base/errors.ts';
import { JsonPieces } from '../../base/json-stream.ts';
import { eventLimits } from '../../queue/events/event-types.ts';
import { jobDepthMax } from '../../queue/ops/parse-spec.ts';
import type { JobSpec } from '../../queue/ops/spec.ts';
import { inPlace } from './in-place.ts';
import { utf8Lines } from './text-lines.ts';

/** What `queue export` writes of the largest job: payload, result, and its other fields with some white space. */
const jobBytesMax = eventLimits.payloadBytes + eventLimits.resultBytes + 4 * 1024 * 1024;

/** A job that was read, and where it stands: 'jobs.json: line 3'. */
export interface InputJob {
  spec: JobSpec;
  place: string;
}

/** What no payload may take, white space between its tokens included. */
const payloadTextMax = 4 * eventLimits.payloadBytes;

/** The whole of a stream as the payload of one job. Throws E_JOB for what is no UTF-8, E_JSON_SIZE (2). */
export async function payloadIn(chunks: AsyncIterable<Uint8Array>, file: string): Promise<string> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > payloadTextMax) {
      throw usageError('E_JSON_SIZE', `${file}: payload: JSON text is too large: allowed are ${payloadTextMax} bytes`, {
        data: { file, max: payloadTextMax, field: 'payload' },
      });
    }
    parts.push(chunk);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.concat(parts));
  } catch (cause) {
    throw usageError('E_JOB', `${file}: payload: not UTF-8 text`, { data: { file, field: 'payload' }, cause });
  }
}

export interface JobInputOptions {
  /** For messages. */
  file: string;
  /** One job as JSON text; undefined for one to leave out. */
  parse(text: string): JobSpec | undefined;
  /** A record that is no job, with its place in the message. Ends the reading by throwing, or takes note and returns. */
  bad(error: WalqError): void;
  /** Records are lines, whatever the first one looks like: so one that is broken can be left out. */
  byLine: boolean;
}

/**
 * Jobs out of a stream of bytes, with each chunk those it completes: a JSON array of jobs, NDJSON, or JSON values one
 * after another, as printed for people. Memory holds one chunk and one job. An array that is broken in itself ends the
 * reading. Throws E_JSON..., E_JOB (2), naming the line or the number of the job.
 */
export async function* readJobs(
  chunks: AsyncIterable<Uint8Array>,
  options: JobInputOptions,
): AsyncGenerator<readonly InputJob[], void, void> {
  const source = chunks[Symbol.asyncIterator]();
  try {
    const { head, form } = await headOf(source, options.byLine);
    const all = follow(head, source);
    yield* form === 'lines' ? fromLines(all, options) : fromPieces(all, options, form);
  } finally {
    await source.return?.();
  }
}

type Form = 'array' | 'values' | 'lines';

/** As many chunks as it takes to know the form; each byte is looked at once, however many chunks that are. */
async function headOf(source: AsyncIterator<Uint8Array>, byLine: boolean): Promise<{ head: Uint8Array; form: Form }> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  let first: number | undefined;
  for (;;) {
    const { done, value } = await source.next();
    const chunk = done ? new Uint8Array(0) : value;
    const start = first === undefined ? chunk.findIndex((byte) => !isBlank(byte)) : 0;
    first ??= chunk[start];
    const end = first === undefined ? -1 : chunk.indexOf(0x0a, start);
    chunks.push(chunk);
    size += chunk.length;
    const mayBeHalf = first === 0x7b && !byLine;
    const isEnough = done === true || size > jobBytesMax;
    if (!isEnough && (first === undefined || (mayBeHalf && end < 0))) continue;
    const head = Buffer.concat(chunks);
    if (first === 0x5b) return { head, form: 'array' };
    // A first line that is half an object goes on in the second: values printed for people.
    const isHalf = mayBeHalf && end >= 0 && !isWhole(head.subarray(0, size - chunk.length + end));
    return { head, form: isHalf ? 'values' : 'lines' };
  }
}

function isBlank(byte: number): boolean {
  return byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d;
}

function isWhole(line: Uint8Array): boolean {
  const pieces = new JsonPieces({ open: () => false, many: true, bytesMax: jobBytesMax, depthMax: jobDepthMax });
  try {
    return [...pieces.push(line), ...pieces.end()].length > 0;
  } catch (error) {
    if (error instanceof WalqError) return false;
    throw error;
  }
}

async function* follow(head: Uint8Array, source: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield head;
  for (let next = await source.next(); !next.done; next = await source.next()) yield next.value;
}

async function* fromLines(
  chunks: AsyncIterable<Uint8Array>,
  options: JobInputOptions,
): AsyncGenerator<readonly InputJob[], void, void> {
  const { file } = options;
  let found = false;
  for await (const lines of utf8Lines(chunks, jobBytesMax)) {
    const jobs: InputJob[] = [];
    for (const { number, text } of lines) {
      if (typeof text === 'string' && /^[ \t\r]*$/.test(text)) continue;
      found = true;
      const place = `${file}: line ${number}`;
      const spec = attempt(options, place, { line: number }, () => {
        if (text instanceof WalqError) throw text;
        return options.parse(text);
      });
      if (spec !== undefined) jobs.push({ spec, place });
    }
    yield jobs;
  }
  if (!found) throw usageError('E_JSON', `${file}: no job in it`, { data: { file } });
}

async function* fromPieces(
  chunks: AsyncIterable<Uint8Array>,
  options: JobInputOptions,
  form: 'array' | 'values',
): AsyncGenerator<readonly InputJob[], void, void> {
  const { file } = options;
  const isArray = form === 'array';
  const pieces = new JsonPieces({
    open: (path) => isArray && path.length === 0,
    many: !isArray,
    bytesMax: jobBytesMax,
    depthMax: jobDepthMax + (isArray ? 1 : 0),
  });
  let number = 0;
  const jobsOf = (texts: () => Iterable<{ text: string; offset: number }>): InputJob[] => {
    const jobs: InputJob[] = [];
    try {
      for (const { text, offset } of texts()) {
        number++;
        const place = `${file}: job ${number} (at byte ${offset})`;
        const spec = attempt(options, place, { job: number, offset }, () => options.parse(text));
        if (spec !== undefined) jobs.push({ spec, place });
      }
    } catch (error) {
      // What the pieces say: after that nothing can be found in this input any more.
      if (!(error instanceof WalqError) || error.data.file !== undefined) throw error;
      throw inPlace(error, `${file}: job ${number + 1}`, { file, job: number + 1 });
    }
    return jobs;
  };
  for await (const chunk of chunks) yield jobsOf(() => pieces.push(chunk));
  yield jobsOf(() => pieces.end());
}

function attempt(
  { bad, file }: JobInputOptions,
  place: string,
  data: Readonly<Record<string, unknown>>,
  parse: () => JobSpec | undefined,
): JobSpec | undefined {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof WalqError)) throw error;
    bad(inPlace(error, place, { file, ...data }));
    return undefined;
  }
}

/** Every line is one job whose payload is that line as a JSON string. The end of the last line may be missing. */
export async function* readLines(
  chunks: AsyncIterable<Uint8Array>,
  options: Pick<JobInputOptions, 'file' | 'bad'>,
): AsyncGenerator<readonly InputJob[], void, void> {
  for await (const lines of utf8Lines(chunks, jobBytesMax)) {
    const jobs: InputJob[] = [];
    for (const { number, text } of lines) {
      const place = `${options.file}: line ${number}`;
      if (text instanceof WalqError) options.bad(inPlace(text, place, { file: options.file, line: number }));
      else jobs.push({ spec: { payload: JSON.stringify(text.replace(/\r$/, '')) }, place });
    }
    yield jobs;
  }
}

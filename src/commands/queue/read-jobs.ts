import { usageError, WalqError } from '../../base/errors.ts';
import { JsonPieces } from '../../base/json-stream.ts';
import { parseJobSpec } from '../../queue/parse-spec.ts';
import { defaultPayloadBytesMax, type JobSpec } from '../../queue/spec.ts';

/** Text of one job may be larger than its payload by its other fields and white space. */
const jobBytesMax = 4 * defaultPayloadBytesMax;

/**
 * Jobs out of a stream of bytes: a JSON array of jobs, or jobs one after another (NDJSON), told apart by the first
 * character. Memory holds one job, whatever the length. Throws E_JSON..., E_JOB (2), naming the job by its number.
 */
export async function* readJobs(
  chunks: AsyncIterable<Uint8Array>,
  options: { allowCommands: boolean; file: string },
): AsyncGenerator<JobSpec, void, void> {
  let pieces: JsonPieces | undefined;
  let number = 0;
  const specsOf = function* (texts: Iterable<{ text: string; offset: number }>): Generator<JobSpec> {
    for (const { text, offset } of texts) {
      number++;
      try {
        yield parseJobSpec(text, options);
      } catch (error) {
        throw inJob(error, options.file, number, offset);
      }
    }
  };
  for await (const chunk of chunks) {
    pieces ??= piecesFor(chunk);
    if (pieces === undefined) continue;
    yield* specsOf(
      inFile(
        () => pieces?.push(chunk) ?? [],
        options.file,
        () => number + 1,
      ),
    );
  }
  if (pieces === undefined)
    throw usageError('E_JSON', `${options.file}: no job in it`, { data: { file: options.file } });
  yield* specsOf(
    inFile(
      () => pieces?.end() ?? [],
      options.file,
      () => number + 1,
    ),
  );
}

/** Undefined while there is only white space. */
function piecesFor(chunk: Uint8Array): JsonPieces | undefined {
  const first = chunk.find((byte) => byte !== 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d);
  if (first === undefined) return undefined;
  const isArray = first === 0x5b;
  return new JsonPieces({ open: (path) => isArray && path.length === 0, many: !isArray, bytesMax: jobBytesMax });
}

function* inFile<T>(pieces: () => Iterable<T>, file: string, job: () => number): Generator<T> {
  try {
    yield* pieces();
  } catch (error) {
    if (!(error instanceof WalqError) || error.data.file !== undefined) throw error;
    throw usageError(error.code, `${file}: job ${job()}: ${error.message}`, {
      data: { ...error.data, file, job: job() },
      cause: error,
    });
  }
}

function inJob(error: unknown, file: string, number: number, offset: number): unknown {
  if (!(error instanceof WalqError)) return error;
  const text = `${file}: job ${number} (at byte ${offset}): ${error.message}`;
  return usageError(error.code, text, { data: { ...error.data, file, job: number, offset }, cause: error });
}

/** Every line is one job whose payload is that line as a JSON string. The end of the last line may be missing. */
export async function* readLines(
  chunks: AsyncIterable<Uint8Array>,
  template: JobSpec,
): AsyncGenerator<JobSpec, void, void> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let rest = '';
  let number = 0;
  for await (const chunk of chunks) {
    rest += decode(decoder, chunk, number);
    const lines = rest.split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > jobBytesMax) throw usageError('E_JOB', `line ${number + lines.length + 1} is too long`);
    for (const line of lines) {
      number++;
      yield { ...template, payload: JSON.stringify(line.replace(/\r$/, '')) };
    }
  }
  // Half a character at the end is no text either.
  rest += decode(decoder, undefined, number);
  if (rest !== '') yield { ...template, payload: JSON.stringify(rest) };
}

function decode(
  decoder: { decode(chunk?: Uint8Array, options?: { stream: boolean }): string },
  chunk: Uint8Array | undefined,
  linesBefore: number,
): string {
  try {
    return decoder.decode(chunk, { stream: chunk !== undefined });
  } catch (cause) {
    throw usageError('E_JOB', `input is not UTF-8 text, after line ${linesBefore}`, { cause });
  }
}

import { usageError, type WalqError } from '../../base/errors.ts';
import { LineReader } from '../../queue/process/lines.ts';

export interface TextLine {
  /** From 1, empty lines counted. */
  number: number;
  /** Without its end; an error for a line that is too long or no UTF-8. */
  text: string | WalqError;
}

const mark = Buffer.from('\ufeff');

/** Without the byte order mark that some programs put before UTF-8. */
export async function* withoutMark(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
  let head: Uint8Array | undefined = Buffer.alloc(0);
  for await (const chunk of chunks) {
    if (head === undefined) {
      yield chunk;
      continue;
    }
    head = Buffer.concat([head, chunk]);
    // Nothing is held back but what may become a mark: who types the lines sees each one taken.
    if (head.length < mark.length && mark.indexOf(head) === 0) continue;
    yield mark.equals(head.subarray(0, mark.length)) ? head.subarray(mark.length) : head;
    head = undefined;
  }
  if (head !== undefined) yield head;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The lines of a stream of bytes, with each chunk those it completes. The end of the last one may be missing. */
export async function* utf8Lines(
  chunks: AsyncIterable<Uint8Array>,
  lineBytesMax: number,
): AsyncGenerator<readonly TextLine[], void, void> {
  const reader = new LineReader(lineBytesMax);
  let number = 0;
  const textLine = (line: Uint8Array | 'too-long'): TextLine => {
    number++;
    return { number, text: line === 'too-long' ? tooLong(lineBytesMax) : decode(line) };
  };
  for await (const chunk of chunks) {
    reader.push(chunk);
    const lines: TextLine[] = [];
    for (let line = reader.next(); line !== undefined; line = reader.next()) lines.push(textLine(line));
    yield lines;
  }
  const rest = reader.rest();
  if (rest !== undefined) yield [textLine(rest)];
}

function decode(line: Uint8Array): string | WalqError {
  try {
    return utf8.decode(line);
  } catch (cause) {
    return usageError('E_JOB', 'not UTF-8 text', { cause });
  }
}

function tooLong(bytesMax: number): WalqError {
  return usageError('E_JOB', `longer than ${bytesMax} bytes`, { data: { max: bytesMax } });
}

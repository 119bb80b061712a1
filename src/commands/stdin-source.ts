import { usageError } from '../base/errors.ts';
import type { ByteSource } from '../base/source.ts';

/** For what would be empty the second time. Then it throws E_WRONG_TARGET (exit 2). */
export function onlyOnce<T>(take: () => T): () => T {
  let isTaken = false;
  return () => {
    if (isTaken) {
      throw usageError('E_WRONG_TARGET', 'standard input can be read only once; this needs a file', {
        next: 'save it to a file first: cat > FILE',
      });
    }
    isTaken = true;
    return take();
  };
}

/**
 * The first bytes of a stream to recognise it by, and the whole stream as a source. Reads go forward; only the first
 * bytes may be read again.
 */
export async function peekable(
  stream: AsyncIterable<Uint8Array>,
  headBytes: number,
): Promise<{ head: Uint8Array; source: ByteSource }> {
  const chunks = stream[Symbol.asyncIterator]();
  const head = new Uint8Array(headBytes);
  let filled = 0;
  let rest: Uint8Array = new Uint8Array(0);
  let ended = false;
  const pull = async (): Promise<void> => {
    const next = await chunks.next();
    if (next.done === true) ended = true;
    else rest = next.value;
  };
  while (filled < headBytes && !ended) {
    if (rest.length === 0) await pull();
    const part = rest.subarray(0, headBytes - filled);
    head.set(part, filled);
    filled += part.length;
    rest = rest.subarray(part.length);
  }
  let position = filled;
  const source: ByteSource = {
    async read(buffer, from) {
      if (from < filled) {
        const part = head.subarray(from, Math.min(filled, from + buffer.length));
        buffer.set(part);
        return part.length;
      }
      if (from !== position) throw new Error(`assertion failed: a stream is read forward (${from}, at ${position})`);
      while (rest.length === 0 && !ended) await pull();
      const part = rest.subarray(0, buffer.length);
      buffer.set(part);
      rest = rest.subarray(part.length);
      position += part.length;
      return part.length;
    },
  };
  return { head: head.subarray(0, filled), source };
}

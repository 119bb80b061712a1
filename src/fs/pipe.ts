import { createReadStream } from 'node:fs';

/** What can only be read once and from its start: a named pipe, `<(command)` of a shell. Waits for its writer. */
export function openPipe(path: string): AsyncIterable<Uint8Array> {
  return createReadStream(path);
}

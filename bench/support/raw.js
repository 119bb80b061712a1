import * as fs from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';

/** What the machine gives without walq: the ceilings. */

const chunkBytes = 1024 * 1024;
const frameHeaderBytes = 40;

/**
 * `times` writes of the same bytes at the growing end of a new file, each synced before the next: what group commit
 * does with the disk, and nothing else. `blocking` stays on one thread, the tightest loop there is; else each sync
 * takes the thread pool and a turn of the event loop, as in every program that goes on meanwhile. Answers
 * milliseconds.
 */
export async function writeAndSync(folder, bytes, times, blocking) {
  const path = join(folder, 'raw');
  const fd = fs.openSync(path, 'wx');
  const buffer = Buffer.alloc(bytes, 0x5a);
  try {
    const started = performance.now();
    for (let at = 0; at < times; at++) {
      fs.writeSync(fd, buffer, 0, bytes, at * bytes);
      if (blocking) fs.fdatasyncSync(fd);
      else await new Promise((done, fail) => fs.fdatasync(fd, (error) => (error ? fail(error) : done())));
    }
    return performance.now() - started;
  } finally {
    fs.closeSync(fd);
    fs.unlinkSync(path);
  }
}

/**
 * All bytes of the files, read in chunks of 1 MiB with one chunk read ahead and checksummed in pieces as a scan does:
 * header, rest of the frame. Answers the bytes, to be checked.
 */
export async function readAndCrc(files, frameBytes) {
  let total = 0;
  let crc = 0;
  for (const file of files) {
    const fd = fs.openSync(file, 'r');
    const buffers = [Buffer.allocUnsafe(chunkBytes), Buffer.allocUnsafe(chunkBytes)];
    let turn = 0;
    let ahead = read(fd, buffers[turn], 0);
    let at = 0;
    for (;;) {
      const got = await ahead;
      if (got === 0) break;
      const chunk = buffers[turn];
      turn = 1 - turn;
      at += got;
      ahead = read(fd, buffers[turn], at);
      for (let from = 0; from < got; from += frameBytes) {
        crc = crc32(chunk.subarray(from, Math.min(from + frameHeaderBytes, got)), crc);
        if (from + frameHeaderBytes < got) {
          crc = crc32(chunk.subarray(from + frameHeaderBytes, Math.min(from + frameBytes, got)), crc);
        }
      }
      total += got;
    }
    fs.closeSync(fd);
  }
  return total;
}

function read(fd, buffer, position) {
  return new Promise((done, fail) => {
    fs.read(fd, buffer, 0, buffer.length, position, (error, got) => (error ? fail(error) : done(got)));
  });
}

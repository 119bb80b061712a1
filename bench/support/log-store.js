import { existsSync, readdirSync, readFileSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { openStore } from '../../build/storage/store.js';
import { frameBytes } from '../../build/storage/wal/format.js';
import { packed } from '../../build/storage/wal/records.js';
import { unsyncedEnv } from './env.js';
import { numberedRecord, recordBytes } from './records.js';

export const inFlight = 64;

/** Bytes of the frame that 64 waiting writers share. */
export const sharedFrameBytes = frameBytes(packed(Array.from({ length: inFlight }, () => numberedRecord(0))).to);

/**
 * A store whose log is about `bytes` long: frames of exactly 64 records of 100 bytes, as 64 writers in flight make
 * them. Made once per run of the benchmark; rows share it and only read it.
 */
export async function logStore(folder, bytes) {
  const dir = join(folder, `log-${bytes}`);
  const frames = Math.ceil(bytes / sharedFrameBytes);
  const records = frames * inFlight;
  if (!existsSync(dir)) {
    const making = `${dir}.making`;
    const machine = { apply() {}, cut: () => [], load() {} };
    const store = await openStore(unsyncedEnv, making, { machine: () => machine, create: true });
    const batch = Array.from({ length: inFlight }, () => numberedRecord(0));
    for (let frame = 0; frame < frames; frame++) {
      for (let at = 0; at < inFlight; at++) batch[at].writeUInt32LE(frame * inFlight + at, 1);
      // One at a time: appends that wait together would share a frame.
      await store.append(packed(batch));
    }
    await store.close();
    renameSync(making, dir);
  }
  return { dir, records, frames, recordBytes, files: segmentFiles(dir), bytes: walBytes(dir) };
}

export function segmentFiles(dir) {
  return readdirSync(join(dir, 'wal'))
    .filter((name) => name.endsWith('.wal'))
    .sort()
    .map((name) => join(dir, 'wal', name));
}

export function walBytes(dir) {
  return segmentFiles(dir).reduce((sum, file) => sum + statSync(file).size, 0);
}

/** Reads every segment once, so that the page cache has it. */
export function warm(files) {
  for (const file of files) readFileSync(file);
}

import { hasErrno } from '../../base/errors.ts';
import type { File, FileSystem } from '../../fs/types.ts';
import { writeFully } from '../../storage/files.ts';
import { type ChildNote, type ProcessTable, procTable, psTable } from './process-table.ts';

const notePattern = /^child-\d+$/;
const noteBytesMax = 4096;

/** What a runner keeps about its children so that a later one can find them, where the system does not tell. */
export interface ChildNotes {
  /** Right after the start of an attempt. */
  add(dispatchSeq: number, lease: string, pid: number): Promise<void>;
  /** After its end. */
  remove(dispatchSeq: number): Promise<void>;
}

/**
 * The process table of this platform, and the notes it needs: none on Linux, where /proc shows the environment of a
 * process. Elsewhere one small file `child-<seq>` per running attempt in the run folder of the store, with pid and
 * start time.
 */
export function platformProcesses(
  fs: FileSystem,
  runFolder: string,
  platform: string = process.platform,
): { table: ProcessTable; notes: ChildNotes } {
  if (platform === 'linux') {
    return { table: procTable(fs), notes: { add: () => Promise.resolve(), remove: () => Promise.resolve() } };
  }
  const table = psTable(() => readNotes(fs, runFolder));
  const path = (dispatchSeq: number) => `${runFolder}/child-${dispatchSeq}`;
  return {
    table,
    notes: {
      async add(dispatchSeq, lease, pid) {
        const startTime = (await table.find(pid))?.startTime;
        if (startTime !== undefined) await writeNote(fs, path(dispatchSeq), { pid, startTime, lease });
      },
      remove: (dispatchSeq) => removeFile(fs, path(dispatchSeq)),
    },
  };
}

async function writeNote(fs: FileSystem, path: string, note: ChildNote): Promise<void> {
  await removeFile(fs, path);
  const file = await fs.open(path, 'wx');
  try {
    await writeFully(file, Buffer.from(JSON.stringify(note)), 0);
  } finally {
    await file.close();
  }
}

async function removeFile(fs: FileSystem, path: string): Promise<void> {
  try {
    await fs.unlink(path);
  } catch (error) {
    if (!hasErrno(error, 'ENOENT')) throw error;
  }
}

async function readNotes(fs: FileSystem, folder: string): Promise<ChildNote[]> {
  const notes: ChildNote[] = [];
  for (const name of await namesIn(fs, folder)) {
    const note = notePattern.test(name) ? parseNote(await readSmall(fs, `${folder}/${name}`)) : undefined;
    if (note !== undefined) notes.push(note);
  }
  return notes;
}

async function namesIn(fs: FileSystem, folder: string): Promise<string[]> {
  try {
    return await fs.readdir(folder);
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return [];
    throw error;
  }
}

async function readSmall(fs: FileSystem, path: string): Promise<string> {
  let file: File | undefined;
  try {
    file = await fs.open(path, 'r', { nofollow: true });
    const buffer = Buffer.alloc(noteBytesMax);
    return buffer.toString('utf8', 0, await file.read(buffer, 0));
  } finally {
    await file?.close();
  }
}

/** A crash can leave half a note; its child had then just been started, and is found by nothing. */
function parseNote(text: string): ChildNote | undefined {
  try {
    const note: unknown = JSON.parse(text);
    if (typeof note !== 'object' || note === null) return undefined;
    if (!('pid' in note && 'startTime' in note && 'lease' in note)) return undefined;
    const { pid, startTime, lease } = note;
    if (typeof pid !== 'number' || typeof startTime !== 'string' || typeof lease !== 'string') return undefined;
    return { pid, startTime, lease };
  } catch {
    return undefined;
  }
}

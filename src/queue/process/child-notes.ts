import { listFolder } from '../../fs/folder.ts';
import { removeIfThere } from '../../fs/gone.ts';
import { readSmall } from '../../fs/read.ts';
import type { FileSystem } from '../../fs/types.ts';
import { writeFully } from '../../fs/write.ts';
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
      async remove(dispatchSeq) {
        await removeIfThere(fs, path(dispatchSeq));
      },
    },
  };
}

async function writeNote(fs: FileSystem, path: string, note: ChildNote): Promise<void> {
  await removeIfThere(fs, path);
  const file = await fs.open(path, 'wx');
  try {
    await writeFully(file, Buffer.from(JSON.stringify(note)), 0);
  } finally {
    await file.close();
  }
}

async function readNotes(fs: FileSystem, folder: string): Promise<ChildNote[]> {
  const notes: ChildNote[] = [];
  for (const name of await listFolder(fs, folder)) {
    if (!notePattern.test(name)) continue;
    const bytes = await readSmall(fs, `${folder}/${name}`, noteBytesMax);
    const note = bytes === undefined ? undefined : parseNote(Buffer.from(bytes).toString());
    if (note !== undefined) notes.push(note);
  }
  return notes;
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

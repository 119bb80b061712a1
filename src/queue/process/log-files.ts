import { createHash } from 'node:crypto';
import { isFsError, WalqError } from '../../base/errors.ts';
import type { FileSystem } from '../../fs/types.ts';

/** The output of one attempt of a job, as kept in `logs/` of the store. */
export interface LogFileInfo {
  path: string;
  /** Of the DISPATCH that began the attempt. */
  dispatchSeq: number;
  /** From 1. */
  attempt: number;
  /** As of the look: it may still be written. */
  bytes: number;
}

type Found = Omit<LogFileInfo, 'bytes'> & { key: string };

const namePattern = /^([0-9a-f]{16})-(\d{1,16})-(\d{1,7})\.log$/;

/**
 * `<16 hex digits>-<dispatch seq>-<attempt>.log`: found by the id of its job, without the event log. An id may hold
 * what no file name can, so its hash stands there.
 */
export function logName(jobId: string, dispatchSeq: number, attempt: number): string {
  return `${keyOf(jobId)}-${dispatchSeq}-${attempt}.log`;
}

function keyOf(jobId: string): string {
  return createHash('sha256').update(jobId).digest('hex').slice(0, 16);
}

/** Logs of a job, first attempt first. A store without any has none, and so has an attempt that printed nothing. */
export async function logFilesOf(fs: FileSystem, storeDir: string, jobId: string): Promise<LogFileInfo[]> {
  const own = keyOf(jobId);
  const files: LogFileInfo[] = [];
  for (const { key, ...file } of await logFiles(fs, storeDir)) {
    const info = key === own ? await fs.lstat(file.path) : undefined;
    // Removed meanwhile, or something else under the name of a log: none of ours.
    if (info?.kind === 'file') files.push({ ...file, bytes: info.size });
  }
  return files;
}

async function logFiles(fs: FileSystem, storeDir: string): Promise<Found[]> {
  const folder = `${storeDir}/logs`;
  // What a link leads to is not ours: nothing there is shown or removed.
  const names = (await fs.lstat(folder))?.kind === 'folder' ? await fs.readdir(folder) : [];
  return names
    .flatMap((name) => {
      const [, key, seq, attempt] = namePattern.exec(name) ?? [];
      return key === undefined
        ? []
        : [{ key, path: `${folder}/${name}`, dispatchSeq: Number(seq), attempt: Number(attempt) }];
    })
    .sort((a, b) => a.dispatchSeq - b.dispatchSeq);
}

const removesPerLook = 100;

/** Removes the logs of jobs that the queue forgets, in the background. A log is a help: what cannot be removed stays. */
export class LogCleaner {
  readonly #fs: FileSystem;
  readonly #storeDir: string;
  readonly #mayRemove: () => Promise<void>;
  /** Key of a job -> the seq at which it was forgotten. */
  #waiting = new Map<string, number>();
  #running: Promise<void> | undefined;

  /** `mayRemove` rejects when the folder is not the one it was: then the logs there are not ours. */
  constructor(fs: FileSystem, storeDir: string, mayRemove: () => Promise<void>) {
    this.#fs = fs;
    this.#storeDir = storeDir;
    this.#mayRemove = mayRemove;
  }

  /** `seq`: a job enqueued with the same id after it has logs of its own. */
  forget(jobIds: readonly string[], seq: number): void {
    for (const id of jobIds) this.#waiting.set(keyOf(id), seq);
    this.#running ??= this.#run();
    // Told by `settled`.
    this.#running.catch(() => undefined);
  }

  /** Resolves when all that was forgotten is gone. */
  async settled(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    try {
      while (this.#waiting.size > 0) {
        const forgotten = this.#waiting;
        let removed = 0;
        this.#waiting = new Map();
        for (const { key, path, dispatchSeq } of await logFiles(this.#fs, this.#storeDir)) {
          if (dispatchSeq >= (forgotten.get(key) ?? 0)) continue;
          // Not before each: it waits for its turn between two commits.
          if (removed++ % removesPerLook === 0) await this.#mayRemove();
          await this.#fs.unlink(path).catch(leftThere);
        }
      }
    } catch (error) {
      leftThere(error);
    }
    // Not after anything else: that is still to be told.
    this.#running = undefined;
  }
}

/** Gone by itself, or it will not go: the next one may. Of a store that was moved or has failed all stay. */
function leftThere(error: unknown): void {
  if (!isFsError(error) && !(error instanceof WalqError)) throw error;
}

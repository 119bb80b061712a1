import { hasErrno, isFsError, WalqError } from '../../base/errors.ts';
import { makeFolder } from '../../fs/folder.ts';
import type { File, FileSystem } from '../../fs/types.ts';
import { writeFully } from '../../fs/write.ts';
import { refuseLink } from '../../storage/refuse-link.ts';
import { HeadTail } from './head-tail.ts';
import { tailText } from './text.ts';

export type OutputStream = 'stdout' | 'stderr';

/** Where the output of one attempt goes. `write` never waits and never fails: a child must not block on its log. */
export interface OutputSink {
  write(stream: OutputStream, chunk: Uint8Array): void;
  /** Called once, after the last `write`. Does not reject for a disk that says no: see `logError`. */
  close(): Promise<OutputSummary>;
}

export interface OutputSummary {
  stdoutBytes: number;
  stderrBytes: number;
  /** End of stderr, or of stdout when stderr is empty; at most 2 KiB of valid UTF-8 without NUL. */
  tail: string;
  /** The log file, if there was anything to write. */
  path?: string;
  /** Why the log file is missing or incomplete. The attempt itself does not suffer from it. */
  logError?: string;
}

export interface OutputLimits {
  /** Kept from the start of each stream. Default 64 KiB. */
  headBytesMax?: number;
  /** Kept from the end of each stream. Default 64 KiB. */
  tailBytesMax?: number;
}

const errorTailBytes = 2048;
const keptBytes = 64 * 1024;

/** Keeps only what the error text of a failed attempt needs. */
export function tailOnlyOutput(): OutputSink {
  return new CappedOutput(undefined, { headBytesMax: 0, tailBytesMax: errorTailBytes });
}

/**
 * Writes `<folder>/<name>`: what both streams print, as it comes and interleaved as on a terminal, up to the head
 * limit of each; at the end the tails, each under a line that says how much was left out. The file appears with the
 * first byte; a silent attempt has none, and `nameOf` is not asked. It is not synced: a log is a help, not a promise.
 */
export function fileOutput(
  fs: FileSystem,
  folder: string,
  nameOf: () => string,
  limits: OutputLimits = {},
): OutputSink {
  return new CappedOutput(new LogFile(fs, folder, nameOf), limits);
}

/** Most attempts of a busy queue print nothing: what they need is made with the first byte. */
class CappedOutput implements OutputSink {
  readonly #log: LogFile | undefined;
  readonly #headBytesMax: number;
  readonly #tailBytesMax: number;
  readonly #kept: Partial<Record<OutputStream, HeadTail>> = {};

  constructor(log: LogFile | undefined, limits: OutputLimits) {
    this.#log = log;
    this.#headBytesMax = limits.headBytesMax ?? keptBytes;
    this.#tailBytesMax = limits.tailBytesMax ?? keptBytes;
  }

  write(stream: OutputStream, chunk: Uint8Array): void {
    const kept = this.#kept[stream] ?? new HeadTail(this.#headBytesMax, this.#tailBytesMax);
    this.#kept[stream] = kept;
    const inHead = kept.push(chunk);
    if (inHead > 0) this.#log?.append(chunk.subarray(0, inHead));
  }

  async close(): Promise<OutputSummary> {
    const { stdout, stderr } = this.#kept;
    this.#appendTail('stdout', stdout);
    this.#appendTail('stderr', stderr);
    return {
      stdoutBytes: stdout?.total ?? 0,
      stderrBytes: stderr?.total ?? 0,
      tail: lastWords(stderr) || lastWords(stdout),
      ...((stdout ?? stderr) && (await this.#log?.close())),
    };
  }

  #appendTail(stream: OutputStream, kept: HeadTail | undefined): void {
    const tail = kept?.tail();
    if (kept === undefined || tail === undefined || this.#log === undefined || tail.length === 0) return;
    const what = kept.leftOut > 0 ? `${kept.leftOut} bytes left out` : 'continued';
    this.#log.append(Buffer.from(`\n[walq: ${stream}, ${what}]\n`));
    this.#log.append(tail);
  }
}

function lastWords(kept: HeadTail | undefined): string {
  return kept === undefined ? '' : tailText(kept.last(), errorTailBytes);
}

/** Appends in the background. What waits is bounded by the limits of its caller. */
class LogFile {
  readonly #fs: FileSystem;
  readonly #folder: string;
  readonly #nameOf: () => string;
  #path = '';
  #waiting: Uint8Array[] = [];
  #writing: Promise<void> | undefined;
  #file: File | undefined;
  #position = 0;
  #error: string | undefined;

  constructor(fs: FileSystem, folder: string, nameOf: () => string) {
    this.#fs = fs;
    this.#folder = folder;
    this.#nameOf = nameOf;
  }

  append(bytes: Uint8Array): void {
    if (this.#error !== undefined) return;
    // Copied: a chunk of the child may be a slice of a much larger buffer.
    this.#waiting.push(Buffer.from(bytes));
    this.#writing ??= this.#write();
  }

  async close(): Promise<{ path?: string; logError?: string }> {
    await this.#writing;
    const path = this.#file === undefined ? {} : { path: this.#path };
    await this.#guard(async () => this.#file?.close());
    return this.#error === undefined ? path : { ...path, logError: this.#error };
  }

  async #write(): Promise<void> {
    while (this.#waiting.length > 0) {
      const bytes = Buffer.concat(this.#waiting);
      this.#waiting = [];
      await this.#guard(() => this.#writeAll(bytes));
    }
    this.#writing = undefined;
  }

  async #writeAll(bytes: Uint8Array): Promise<void> {
    this.#file ??= await this.#open();
    await writeFully(this.#file, bytes, this.#position);
    this.#position += bytes.length;
  }

  /** A dispatch has its own seq, so the name is free, unless a repair cut the log and its seqs are given out again. */
  async #open(): Promise<File> {
    this.#path = `${this.#folder}/${this.#nameOf()}`;
    await refuseLink(this.#fs, this.#folder);
    try {
      return await this.#fs.open(this.#path, 'wx');
    } catch (error) {
      if (hasErrno(error, 'ENOENT')) {
        await makeFolder(this.#fs, this.#folder);
        return await this.#fs.open(this.#path, 'wx');
      }
      if (!hasErrno(error, 'EEXIST')) throw error;
    }
    const file = await this.#fs.open(this.#path, 'r+', { nofollow: true });
    await file.truncate(0);
    return file;
  }

  async #guard(step: () => Promise<void>): Promise<void> {
    try {
      await step();
    } catch (error) {
      if (!isFsError(error) && !(error instanceof WalqError)) throw error;
      this.#error ??= error.message;
      this.#waiting = [];
    }
  }
}

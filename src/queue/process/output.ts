import { hasErrno, isFsError, WalqError } from '../../base/errors.ts';
import type { File, FileSystem } from '../../fs/types.ts';
import { refuseLink } from '../../storage/files.ts';
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
 * first byte; a silent attempt has none. It is not synced: a log is a help, not a promise.
 */
export function fileOutput(fs: FileSystem, folder: string, name: string, limits: OutputLimits = {}): OutputSink {
  return new CappedOutput(new LogFile(fs, folder, name), limits);
}

class CappedOutput implements OutputSink {
  readonly #log: LogFile | undefined;
  readonly #streams: Record<OutputStream, HeadTail>;

  constructor(log: LogFile | undefined, limits: OutputLimits) {
    this.#log = log;
    const head = limits.headBytesMax ?? keptBytes;
    const tail = limits.tailBytesMax ?? keptBytes;
    this.#streams = { stdout: new HeadTail(head, tail), stderr: new HeadTail(head, tail) };
  }

  write(stream: OutputStream, chunk: Uint8Array): void {
    const inHead = this.#streams[stream].push(chunk);
    if (inHead > 0) this.#log?.append(chunk.subarray(0, inHead));
  }

  async close(): Promise<OutputSummary> {
    const { stdout, stderr } = this.#streams;
    for (const stream of ['stdout', 'stderr'] as const) this.#appendTail(stream);
    const log = await this.#log?.close();
    const said = tailText(stderr.last(), errorTailBytes);
    return {
      stdoutBytes: stdout.total,
      stderrBytes: stderr.total,
      tail: said === '' ? tailText(stdout.last(), errorTailBytes) : said,
      ...log,
    };
  }

  #appendTail(stream: OutputStream): void {
    const kept = this.#streams[stream];
    const tail = kept.tail();
    if (this.#log === undefined || tail.length === 0) return;
    const what = kept.leftOut > 0 ? `${kept.leftOut} bytes left out` : 'continued';
    this.#log.append(Buffer.from(`\n[walq: ${stream}, ${what}]\n`));
    this.#log.append(tail);
  }
}

/** Appends in the background. What waits is bounded by the limits of its caller. */
class LogFile {
  readonly #fs: FileSystem;
  readonly #folder: string;
  readonly #path: string;
  #waiting: Uint8Array[] = [];
  #writing: Promise<void> | undefined;
  #file: File | undefined;
  #position = 0;
  #error: string | undefined;

  constructor(fs: FileSystem, folder: string, name: string) {
    this.#fs = fs;
    this.#folder = folder;
    this.#path = `${folder}/${name}`;
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
    for (let done = 0; done < bytes.length; ) {
      const written = await this.#file.write(bytes.subarray(done), this.#position);
      done += written;
      this.#position += written;
    }
  }

  /** A dispatch has its own seq, so the name is free, unless a repair cut the log and its seqs are given out again. */
  async #open(): Promise<File> {
    await refuseLink(this.#fs, this.#folder);
    try {
      return await this.#fs.open(this.#path, 'wx');
    } catch (error) {
      if (hasErrno(error, 'ENOENT')) {
        await this.#makeFolder();
        return await this.#fs.open(this.#path, 'wx');
      }
      if (!hasErrno(error, 'EEXIST')) throw error;
    }
    const file = await this.#fs.open(this.#path, 'r+', { nofollow: true });
    await file.truncate(0);
    return file;
  }

  async #makeFolder(): Promise<void> {
    try {
      await this.#fs.mkdir(this.#folder);
    } catch (error) {
      if (!hasErrno(error, 'EEXIST')) throw error;
    }
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

import { errnoText } from '../base/errno.ts';
import { ioError, isFsError } from '../base/errors.ts';
import { shellPath } from '../base/shell-word.ts';
import type { File, FileSystem } from './types.ts';
import { withOpen, withRead } from './wrapped.ts';

/** A stretch of a file that the disk does not give. */
export interface Unreadable {
  file: string;
  offset: number;
  bytes: number;
}

/** What a disk says of a block that is gone. Rights, links and the like are not among them. */
const blockErrors = new Set(['EIO', 'ENODATA', 'EBADMSG', 'EUCLEAN', 'EILSEQ', 'EREMOTEIO']);

/** The system reads whole pages: no smaller piece can be had. */
const pageBytes = 4096;

/** Stands for what cannot be read. No zeros: those would pass for room that nothing was written to yet. */
const filler = 0xbd;

export const isBlockError = (errno: unknown): boolean => typeof errno === 'string' && blockErrors.has(errno);

/**
 * The same files, for reading; a page that the disk does not give is one of a filler, which no checksum holds for. A
 * failing disk may take seconds for an answer: each page is asked for once alone, and once with others at most.
 */
export class ReadingAround {
  readonly fs: FileSystem;
  readonly #files = new Map<string, BadFile>();

  constructor(fs: FileSystem) {
    this.fs = withOpen(fs, async (path, mode, options) => {
      const file = await opened(path, () => fs.open(path, mode, options));
      if (mode !== 'r') return file;
      const known = this.#files.get(path) ?? new BadFile();
      this.#files.set(path, known);
      return withRead(file, (buffer, position) => known.read(file, buffer, position));
    });
  }

  /** What could not be read so far, in order, neighbours joined; files as they were opened. */
  get unreadable(): Unreadable[] {
    const files = [...this.#files].sort(([a], [b]) => (a < b ? -1 : 1));
    return files.flatMap(([file, known]) => known.stretches().map((stretch) => ({ file, ...stretch })));
  }
}

/** What is known of one file. */
class BadFile {
  /** Bytes of each bad page, by its offset. */
  readonly #pages = new Map<number, number>();
  /** A read as far as here failed: up to it, page by page. */
  #carefulTo = 0;

  async read(file: File, buffer: Uint8Array, position: number): Promise<number> {
    const page = position - (position % pageBytes);
    if (!this.#pages.has(page)) {
      const got = await this.#tryRead(file, buffer, position, page + pageBytes);
      if (got !== undefined) return got;
    }
    const bytes = Math.min(pageBytes, (await file.size()) - page);
    if (bytes > 0) this.#pages.set(page, bytes);
    const end = Math.min(buffer.length, page + bytes - position);
    buffer.fill(filler, 0, Math.max(0, end));
    return Math.max(0, end);
  }

  /** Undefined when the page that ends at `pageEnd` is bad. */
  async #tryRead(file: File, buffer: Uint8Array, position: number, pageEnd: number): Promise<number | undefined> {
    const end = position + buffer.length;
    if (position >= this.#carefulTo && end > pageEnd) {
      const got = await tried(file, buffer, position);
      if (got !== undefined) return got;
      this.#carefulTo = end;
    }
    return await tried(file, buffer.subarray(0, pageEnd - position), position);
  }

  stretches(): { offset: number; bytes: number }[] {
    const all: { offset: number; bytes: number }[] = [];
    for (const [offset, bytes] of [...this.#pages].sort(([a], [b]) => a - b)) {
      const last = all.at(-1);
      if (last !== undefined && last.offset + last.bytes === offset) last.bytes += bytes;
      else all.push({ offset, bytes });
    }
    return all;
  }
}

/** A file that does not even open is in the way: without it the others can be read. */
async function opened(path: string, open: () => Promise<File>): Promise<File> {
  try {
    return await open();
  } catch (error) {
    if (!isFsError(error) || !isBlockError(error.code)) throw error;
    const next = `mv ${shellPath(path)} out of the store, then the same command`;
    throw ioError('E_READ', `cannot open ${path}: ${errnoText(error.code)}`, {
      data: { file: path, errno: error.code },
      next,
      cause: error,
    });
  }
}

/** Undefined where the disk does not give it. */
async function tried(file: File, buffer: Uint8Array, position: number): Promise<number | undefined> {
  try {
    return await file.read(buffer, position);
  } catch (error) {
    if (isFsError(error) && isBlockError(error.code)) return undefined;
    throw error;
  }
}

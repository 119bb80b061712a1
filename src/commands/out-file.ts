import { refusedError, usageError } from '../base/errors.ts';
import { baseName, parentOf } from '../base/path.ts';
import { shellPath } from '../base/shell-word.ts';
import { removeIfThere } from '../fs/gone.ts';
import { noFolderAround, placeError } from '../fs/place.ts';
import type { File } from '../fs/types.ts';
import { writeAtomic, writeFully } from '../fs/write.ts';
import type { CommandContext } from './context.ts';

/** Throws E_FILE_EXISTS (7) for a file that is there, E_USAGE (2) for a folder, and where none is around it. */
export async function refuseFile({ env: { fs } }: CommandContext, path: string, flag: string): Promise<void> {
  const lack = await noFolderAround(fs, path);
  if (lack !== undefined)
    throw usageError('E_USAGE', `${flag}: ${lack.why}`, { data: { file: path }, next: lack.next });
  for (const there of [path, `${path}.tmp`]) {
    const info = await fs.lstat(there).catch((error: unknown) => {
      throw placeError(path, error);
    });
    if (info === undefined) continue;
    if (there === path && info.kind === 'folder') {
      throw usageError('E_USAGE', `${flag}: ${path} is a folder`, {
        data: { file: path },
        next: 'name a file, such as one in that folder',
      });
    }
    throw refusedError('E_FILE_EXISTS', `${there} is there already; it is not overwritten`, {
      data: { file: there },
      next: there === path ? 'name another file' : `rm ${shellPath(there)}, if nothing is writing it`,
    });
  }
}

/** A file that has its name only when it is whole and on disk. Throws as `refuseFile` does, and E_NO_SPACE, E_IO (74). */
export async function writeNewFile(
  context: CommandContext,
  path: string,
  bytes: Uint8Array,
  flag: string,
): Promise<void> {
  const { fs } = context.env;
  await refuseFile(context, path, flag);
  const temp = `${path}.tmp`;
  try {
    await writeAtomic(fs, parentOf(path), baseName(path), bytes);
  } catch (error) {
    await removeIfThere(fs, temp).catch(() => undefined);
    throw placeError(path, error);
  }
}

const chunkChars = 256 * 1024;

/** A text file that has its name only when it is complete and on disk. */
export class OutFile {
  bytes = 0;
  readonly #context: CommandContext;
  readonly #path: string;
  readonly #file: File;
  #pending = '';

  private constructor(context: CommandContext, path: string, file: File) {
    this.#context = context;
    this.#path = path;
    this.#file = file;
  }

  /** Throws as `refuseFile` does, and E_NO_SPACE, E_IO (74). */
  static async create(context: CommandContext, path: string, flag: string): Promise<OutFile> {
    await refuseFile(context, path, flag);
    const temp = `${path}.tmp`;
    try {
      return new OutFile(context, path, await context.env.fs.open(temp, 'wx'));
    } catch (error) {
      throw placeError(temp, error);
    }
  }

  /** Returns a promise only when there is something to wait for. */
  put(text: string): Promise<void> | undefined {
    this.#pending += text;
    return this.#pending.length < chunkChars ? undefined : this.#flush();
  }

  async #flush(): Promise<void> {
    const bytes = Buffer.from(this.#pending);
    this.#pending = '';
    try {
      await writeFully(this.#file, bytes, this.bytes);
    } catch (error) {
      throw placeError(this.#path, error);
    }
    this.bytes += bytes.length;
  }

  async finish(): Promise<void> {
    const { fs } = this.#context.env;
    await this.#flush();
    try {
      await this.#file.datasync();
      await this.#file.close();
      await fs.rename(`${this.#path}.tmp`, this.#path);
      await fs.syncDir(parentOf(this.#path));
    } catch (error) {
      throw placeError(this.#path, error);
    }
  }

  /** What was written goes again; the failure that led here is the one to tell. */
  async discard(): Promise<void> {
    await this.#file.close().catch(() => undefined);
    await removeIfThere(this.#context.env.fs, `${this.#path}.tmp`).catch(() => undefined);
  }
}

import { createHash } from 'node:crypto';
import { closeAll } from '../base/close-all.ts';
import { damageError, refusedError, WalqError } from '../base/errors.ts';
import { join } from '../base/path.ts';
import { shellPath } from '../base/shell-word.ts';
import type { ByteSource } from '../base/source.ts';
import { writeError } from '../fs/failure.ts';
import { openIfThere } from '../fs/read.ts';
import type { File } from '../fs/types.ts';
import { headFileName, listWal, quarantineFolder, walFolder } from './folder.ts';
import { openSegment } from './lock.ts';
import type { AppliedAction } from './repair-journal.ts';
import type { StorageEnv } from './types.ts';

/** What repair and its undo both do to single files. A file that is not there is `undefined`. */

/** Hex SHA-256 of a file, or of a stretch of it. */
export async function hashFile(
  env: StorageEnv,
  path: string,
  stretch?: { offset: number; bytes: number },
): Promise<string | undefined> {
  const source = await openIfThere(env.fs, path);
  if (source === undefined) return undefined;
  try {
    return await hashOf(source, stretch?.offset ?? 0, stretch?.bytes ?? source.size);
  } finally {
    await source.close();
  }
}

/** Of what is there of the stretch. */
export async function hashOf(source: Pick<ByteSource, 'read'>, offset: number, bytes: number): Promise<string> {
  const hash = createHash('sha256');
  const chunk = new Uint8Array(Math.min(bytes, 1024 * 1024));
  for (let done = 0; done < bytes; ) {
    const got = await source.read(chunk.subarray(0, Math.min(chunk.length, bytes - done)), offset + done);
    if (got === 0) break;
    hash.update(chunk.subarray(0, got));
    done += got;
  }
  return hash.digest('hex');
}

/**
 * Hex SHA-256 of what every frame of a writer changes: HEAD, and sizes of segments but for those that the actions of
 * the repair itself change. HEAD alone does not do: it is not synced with each frame.
 */
export async function writerMark(
  env: StorageEnv,
  storeDir: string,
  actions: readonly { kind: string; file: string }[],
): Promise<string> {
  const kinds = new Map(actions.map(({ kind, file }) => [file, kind]));
  const hash = createHash('sha256');
  hash.update((await hashFile(env, join(storeDir, headFileName))) ?? 'no HEAD');
  for (const { name } of (await listWal(env, join(storeDir, walFolder))).segments) {
    const file = join(walFolder, name);
    const kind = kinds.get(file);
    if (kind === 'move') continue;
    const size = kind === 'trim' ? 'trimmed' : (await env.fs.lstat(join(storeDir, file)))?.size;
    hash.update(`\n${name} ${size}`);
  }
  return hash.digest('hex');
}

/** One action to be taken back, looked at and ready. */
export interface UndoStep {
  run(): Promise<void>;
  close(): Promise<void>;
}

export function damagedEvidence(action: AppliedAction, path: string, how: string): WalqError {
  return damageError('E_EVIDENCE', `${path} ${how}: the repair cannot be undone`, {
    data: { file: action.file, evidence: path },
  });
}

/** `written`: what was, since the repair. */
export function staleUndo({ file, quarantine }: AppliedAction, written = file): WalqError {
  return refusedError('E_PLAN_STALE', `${written} has been written to since the repair; undoing it would lose that`, {
    data: { file, ...(quarantine !== undefined && { evidence: join(quarantineFolder, quarantine) }) },
  });
}

/** Changes that a journal tells of: where they break off, the error says so, and what takes them back. */
export async function recorded(storeDir: string, what: 'repair' | 'undo', changes: () => Promise<void>): Promise<void> {
  try {
    await changes();
  } catch (cause) {
    const failure = writeError(storeDir, cause);
    if (!(failure instanceof WalqError)) throw failure;
    const { exit, code, message, data } = failure;
    const next = `walq wal repair ${shellPath(storeDir)} --undo`;
    throw new WalqError(exit, code, `${message}; the ${what} is not finished`, { data, cause, next });
  }
}

/** Segments open for writing and locked, each once: a second opening would find it locked. */
export class HeldSegments {
  readonly #env: StorageEnv;
  readonly #storeDir: string;
  readonly #files = new Map<string, File>();

  constructor(env: StorageEnv, storeDir: string) {
    this.#env = env;
    this.#storeDir = storeDir;
  }

  /** `file` is relative to the store; `undefined` when it is not there. Rejects with E_LOCKED. */
  async get(file: string): Promise<File | undefined> {
    const held = this.#files.get(file) ?? (await openSegment(this.#env, this.#storeDir, file));
    if (held !== undefined) this.#files.set(file, held);
    return held;
  }

  async close(): Promise<void> {
    const files = [...this.#files.values()];
    this.#files.clear();
    await closeAll(...files.map((file) => () => file.close()));
  }
}

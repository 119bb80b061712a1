import { damageError, isFsError, newerError, notFoundError, usageError, type WalqError } from '../base/errors.ts';
import { excerpt } from '../base/escape.ts';
import { baseName, join, parentOf } from '../base/path.ts';
import { shellPath } from '../base/shell-word.ts';
import type { ByteSource } from '../base/source.ts';
import { detectFormat } from '../formats/registry.ts';
import { detectBytes, type ForeignFormat } from '../formats/types.ts';
import { isBegun } from '../storage/folder.ts';
import { noStoreError } from '../storage/no-store.ts';
import { decodePreamble } from '../storage/preamble.ts';
import { snapshotMagic } from '../storage/snapshot/codec.ts';
import { parseSnapshotFileName } from '../storage/snapshot/name.ts';
import { storeFileName } from '../storage/store-file.ts';
import { segmentMagic } from '../storage/wal/format.ts';
import { headMagic } from '../storage/wal/head.ts';
import { parseSegmentFileName } from '../storage/wal/names.ts';
import type { CommandContext } from './context.ts';
import { isExport } from './export-form.ts';
import { type SelectorRange, tryRange } from './selector.ts';
import { onlyOnce, peekable } from './stdin-source.ts';
import { defaultStoreName, infoOf, pathOrStore, standardInput, storePath } from './store-path.ts';

/** What a PATH turned out to be. Files are recognised by their content; a name only decides about damaged ones. */
export type Target =
  | { kind: 'store' | 'wal-folder' | 'segment' | 'snapshot'; path: string }
  | { kind: 'segment-stream' | 'snapshot-stream'; path: string; take: TakeStream }
  | { kind: 'export'; path: string }
  | { kind: 'export-stream'; path: string; take: TakeStream }
  | { kind: 'foreign'; path: string; format: ForeignFormat }
  | { kind: 'foreign-stream'; path: string; format: ForeignFormat; take: TakeStream };

/** The bytes of a stream, which nobody gets twice: throws E_WRONG_TARGET (exit 2). */
type TakeStream = () => ByteSource;

export type ForeignTarget = Extract<Target, { format: ForeignFormat }>;

/** A path as messages name it. */
export function shownPath(path: string): string {
  return path === standardInput ? 'standard input' : path;
}

export function isForeign(target: Target): target is ForeignTarget {
  return 'format' in target;
}

/** How an answer names what it is about. */
export interface TargetName {
  kind: Target['kind'];
  path: string;
  /** Name of a foreign format. */
  format?: string;
}

export function nameOf(target: Target): TargetName {
  const { kind, path } = target;
  return isForeign(target) ? { kind, path, format: target.format.name } : { kind, path };
}

const headBytes = detectBytes;

/**
 * Takes `[PATH] [RANGE]` apart. The only positional is a path if something is there under that name, else a range.
 * Throws E_NO_TARGET (exit 1), E_SELECTOR or E_USAGE (exit 2).
 */
export async function splitPositionals(
  context: CommandContext,
  args: readonly string[],
  takes: 'range' | 'path only' = 'range',
): Promise<{ path: string; range?: SelectorRange }> {
  const [first, second] = args;
  if (first === undefined) return { path: storePath(context) };
  if (second !== undefined) {
    const range = tryRange(second);
    if (range === undefined) throw badRange(second);
    return { path: pathOrStore(context, first), range };
  }
  if (first === standardInput || (await exists(context, first))) return { path: pathOrStore(context, first) };
  const range = tryRange(first);
  if (range !== undefined) return { path: storePath(context), range };
  throw noTarget(first, takes === 'range' ? ', and it is no point or range of a log' : '');
}

/**
 * Looks at what is there. Throws E_NO_STORE, E_NO_TARGET (exit 1), E_NEWER_FORMAT (5), E_UNKNOWN_FORMAT, E_EMPTY_FILE
 * (3).
 */
export async function openTarget(context: CommandContext, path: string): Promise<Target> {
  if (path === standardInput) return await openStream(context);
  const info = await infoOf(context, path);
  if (info === undefined) throw path === storePath(context) ? noStoreError(path) : noTarget(path);
  if (info.kind === 'folder') return await openFolder(context, path);
  if (info.kind !== 'file') {
    throw usageError('E_WRONG_TARGET', `${path} is neither a file nor a folder`, {
      data: { file: path },
      // The shell's own pipes are gone once this command ends.
      next: path.startsWith('/dev/fd/')
        ? 'pipe it into standard input: … | walq wal verify -'
        : `cat ${shellPath(path)} | walq wal verify -`,
    });
  }
  const head = await readHead(context, path);
  const content = classify(head, path);
  return typeof content === 'string' ? { kind: content, path } : { kind: 'foreign', path, format: content };
}

async function openFolder(context: CommandContext, path: string): Promise<Target> {
  const names = await context.env.fs.readdir(path);
  // A folder with the parts of a store is judged as one even when STORE.json is gone: that is for storage to say.
  const isStore =
    names.includes(storeFileName) || (names.includes('wal') && names.some((name) => storeParts.has(name)));
  if (isStore) return { kind: 'store', path };
  if (names.some((name) => parseSegmentFileName(name) !== undefined)) return { kind: 'wal-folder', path };
  if (names.includes('wal') && (await has(context, `${path}/wal`, parseSegmentFileName)))
    return { kind: 'store', path };
  // Its log was removed: the state in a snapshot is left of it.
  const isRest =
    names.includes('snapshots') && !isBegun(names) && (await has(context, `${path}/snapshots`, parseSnapshotFileName));
  if (isRest) return { kind: 'store', path };
  if (names.includes(defaultStoreName)) {
    throw notFoundError('E_NO_STORE', `${path} is no store itself`, {
      data: { file: path },
      next: `name the one in it: ${shellPath(join(path, defaultStoreName))}`,
    });
  }
  if (path === storePath(context)) throw noStoreError(path, 'folder');
  throw notFoundError('E_NO_STORE', `${path} is a folder without a store in it`, {
    data: { file: path },
    next: 'name a store, a wal/ folder or a file',
  });
}

const storeParts = new Set(['HEAD', 'LOCK', 'snapshots', 'quarantine']);

async function has(context: CommandContext, folder: string, parse: (name: string) => unknown): Promise<boolean> {
  const info = await context.env.fs.stat(folder);
  if (info?.kind !== 'folder') return false;
  return (await context.env.fs.readdir(folder)).some((name) => parse(name) !== undefined);
}

async function openStream(context: CommandContext): Promise<Target> {
  const { head, source } = await peekable(context.stdin(), headBytes);
  const content = classify(head, standardInput);
  const base = { path: standardInput, take: onlyOnce(() => source) };
  if (typeof content !== 'string') return { kind: 'foreign-stream', format: content, ...base };
  return { kind: `${content}-stream`, ...base };
}

function classify(head: Uint8Array, path: string): 'segment' | 'snapshot' | 'export' | ForeignFormat {
  const name = baseName(path);
  if (parseSegmentFileName(name) !== undefined) return 'segment';
  if (parseSnapshotFileName(name) !== undefined) return 'snapshot';
  const preamble = decodePreamble(head);
  const magic = typeof preamble === 'string' ? nearMagic(head) : preamble.magic;
  if (magic === segmentMagic) return 'segment';
  if (magic === snapshotMagic) return 'snapshot';
  if (isExport(head)) return 'export';
  const shown = shownPath(path);
  if (Buffer.from(head.subarray(0, storeFileStart.length)).toString('latin1') === storeFileStart) {
    throw notTheStore(path, shown, 'STORE.json');
  }
  if (magic === headMagic) {
    throw notTheStore(path, shown, 'HEAD');
  }
  if (typeof preamble !== 'string' && preamble.magic.startsWith('WALQ')) {
    throw newerError('E_NEWER_FORMAT', `${shown} is a kind of file that this version does not know`, {
      data: { file: path },
    });
  }
  const foreign = detectFormat(head);
  if (foreign !== undefined) return foreign;
  if (head.length === 0)
    throw damageError('E_EMPTY_FILE', `${shown} is empty`, {
      data: { file: path },
      next: 'walq help E_EMPTY_FILE',
    });
  throw damageError('E_UNKNOWN_FORMAT', `${shown} is neither a file of a store nor a log or snapshot that walq knows`, {
    data: { file: path, begins: Buffer.from(head.subarray(0, 16)).toString('hex') },
    next: 'walq help E_UNKNOWN_FORMAT',
  });
}

function notTheStore(path: string, shown: string, name: string): WalqError {
  return usageError('E_WRONG_TARGET', `${shown} is the ${name} file of a store, which has no events by itself`, {
    data: { file: path },
    next: path === standardInput ? 'name the store' : `walq wal verify ${shellPath(parentOf(path))}`,
  });
}

const storeFileStart = '{"format":"walq-store"';

/** The magic that damaged first bytes were once: six of its eight characters are still there. */
function nearMagic(head: Uint8Array): string | undefined {
  return [segmentMagic, snapshotMagic, headMagic].find((magic) => {
    let same = 0;
    for (let at = 0; at < magic.length; at++) if (head[at] === magic.charCodeAt(at)) same++;
    return same >= 6;
  });
}

async function readHead(context: CommandContext, path: string): Promise<Uint8Array> {
  const file = await context.env.fs.open(path, 'r');
  try {
    const buffer = new Uint8Array(headBytes);
    let filled = 0;
    while (filled < buffer.length) {
      const got = await file.read(buffer.subarray(filled), filled);
      if (got === 0) break;
      filled += got;
    }
    return buffer.subarray(0, filled);
  } finally {
    await file.close();
  }
}

/** Is anything there under this name? What no name can be is not there. */
export async function exists(context: CommandContext, path: string): Promise<boolean> {
  try {
    return (await context.env.fs.stat(path)) !== undefined;
  } catch (error) {
    // '1..5' below a file, or a selector longer than a name may be: nothing is there.
    if (isFsError(error) && ['ENOTDIR', 'ENAMETOOLONG', 'EINVAL'].includes(error.code)) return false;
    throw error;
  }
}

function badRange(text: string): WalqError {
  return usageError(
    'E_SELECTOR',
    `'${excerpt(text, 60)}' is not a range of a log; allowed: A..B, A.., ..B or A, each a seq, @-10, @tail, @snap, a time or "5m ago"`,
    {
      data: { selector: text },
    },
  );
}

/** `norRange`: what else it could have been. */
export function noTarget(path: string, norRange = ''): WalqError {
  return notFoundError('E_NO_TARGET', `there is no file or folder '${excerpt(path, 200)}'${norRange}`, {
    data: { file: path },
    next: 'walq help E_NO_TARGET',
  });
}

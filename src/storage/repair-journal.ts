import { damageError, usageError } from '../base/errors.ts';
import { join, listFolder, readSmall, writeAtomic } from './files.ts';
import { quarantineFolder, walFolder } from './folder.ts';
import type { RepairAction } from './repair-files.ts';
import { storeFileName } from './store-file.ts';
import type { StorageEnv } from './types.ts';
import { parseSegmentFileName } from './wal/names.ts';

/** The record of one applied repair: `quarantine/repair-0001.json`. */
export interface RepairJournal {
  walq: 1;
  appliedMs: number;
  actions: (RepairAction & { quarantine?: string })[];
  undone?: boolean;
}

const journalName = /^repair-(\d{4,})\.json$/;
const journalBytesMax = 16 * 1024 * 1024;

async function journals(env: StorageEnv, storeDir: string): Promise<string[]> {
  const names = await listFolder(env.fs, join(storeDir, quarantineFolder));
  const number = (name: string): number => Number(journalName.exec(name)?.[1]);
  return names.filter((name) => journalName.test(name)).sort((a, b) => number(a) - number(b));
}

export async function nextJournal(env: StorageEnv, storeDir: string): Promise<string> {
  const last = journalName.exec((await journals(env, storeDir)).at(-1) ?? '');
  return `repair-${String(Number(last?.[1] ?? 0) + 1).padStart(4, '0')}.json`;
}

/** The newest that was not undone. Rejects with E_JOURNAL (3) when one that is newer still cannot be read. */
export async function lastJournal(
  env: StorageEnv,
  storeDir: string,
): Promise<{ name: string; journal: RepairJournal } | undefined> {
  for (const name of (await journals(env, storeDir)).toReversed()) {
    const path = join(storeDir, quarantineFolder, name);
    const bytes = await readSmall(env.fs, path, journalBytesMax);
    if (bytes === undefined) continue;
    const journal = decodeJournal(Buffer.from(bytes).toString('utf8'), path);
    if (!journal.undone) return { name, journal };
  }
  return undefined;
}

export async function writeJournal(
  env: StorageEnv,
  storeDir: string,
  name: string,
  journal: RepairJournal,
): Promise<void> {
  const folder = join(storeDir, quarantineFolder);
  if ((await env.fs.lstat(folder)) === undefined) {
    await env.fs.mkdir(folder);
    await env.fs.syncDir(storeDir);
  }
  await writeAtomic(env.fs, folder, name, Buffer.from(`${JSON.stringify(journal, null, 2)}\n`));
}

/** A journal decides what is written where: one that names anything else than the files of repair is not followed. */
function decodeJournal(text: string, path: string): RepairJournal {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (isObject(value) && typeof value.walq === 'number' && value.walq > 1) {
    throw usageError('E_NOTHING_TO_UNDO', `${path} is not a repair journal of this version`);
  }
  if (!isJournal(value)) throw damageError('E_JOURNAL', `${path} is not what repair wrote`, { data: { file: path } });
  return value;
}

function isJournal(value: unknown): value is RepairJournal {
  return (
    isObject(value) &&
    value.walq === 1 &&
    typeof value.appliedMs === 'number' &&
    (value.undone === undefined || typeof value.undone === 'boolean') &&
    Array.isArray(value.actions) &&
    value.actions.every(isAction)
  );
}

function isAction(action: unknown): boolean {
  if (!isObject(action)) return false;
  const { kind, file, quarantine } = action;
  if (quarantine !== undefined && (typeof quarantine !== 'string' || !/^[^/\0]+$/.test(quarantine))) return false;
  if (kind === 'write-store-file') return file === storeFileName && isIdentity(action.identity);
  const segment = typeof file === 'string' && file.startsWith(`${walFolder}/`) ? file.slice(walFolder.length + 1) : '';
  return (
    kind === 'trim' &&
    parseSegmentFileName(segment) !== undefined &&
    [action.offset, action.bytes].every((count) => Number.isSafeInteger(count) && (count as number) >= 0) &&
    typeof action.sha256 === 'string' &&
    /^[0-9a-f]{64}$/.test(action.sha256)
  );
}

function isIdentity(identity: unknown): boolean {
  return (
    isObject(identity) &&
    typeof identity.id === 'string' &&
    /^[0-9a-f]{32}$/.test(identity.id) &&
    Number.isSafeInteger(identity.createdMs)
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

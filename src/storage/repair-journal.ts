import { damageError, newerError, type WalqError } from '../base/errors.ts';
import { baseName, join, parentOf } from '../base/path.ts';
import { listFolder } from '../fs/folder.ts';
import { readSmall } from '../fs/read.ts';
import { writeAtomic } from '../fs/write.ts';
import { headFileName, quarantineFolder, walFolder } from './folder.ts';
import { makeQuarantine } from './quarantine.ts';
import { refuseLink } from './refuse-link.ts';
import { parseSnapshotFileName, snapshotFolder } from './snapshot/name.ts';
import { type StoreIdentity, storeFileName } from './store-file.ts';
import type { StorageEnv } from './types.ts';
import type { FlippedBit } from './wal/heal-segment.ts';
import { parseSegmentFileName } from './wal/names.ts';

/**
 * What repair does to one file; `file` is relative to the store. `sha256` is of the bytes that it takes away or
 * changes: of the tail, of the header or frame around a flipped bit, of a file that is no part of the log, or of the
 * whole STORE.json that was there, if there was one.
 */
export type RepairAction =
  | { kind: 'write-store-file'; file: string; identity: StoreIdentity; sha256?: string }
  | { kind: 'trim'; file: string; offset: number; bytes: number; sha256: string }
  | MoveAction
  | HealAction;

/** A whole file goes to quarantine. */
export type MoveAction = { kind: 'move'; file: string; sha256: string };

/** `sha256After` is of the stretch with the bit turned. */
export type HealAction = { kind: 'heal'; file: string; sha256: string; sha256After: string } & FlippedBit;

export function isHeal(action: { kind: string }): action is HealAction {
  return action.kind === 'heal';
}

/**
 * What going back to a snapshot does to one file: it is set aside whole, and `after` is of what takes its place, if
 * anything does. `sha256` is of what was there.
 */
export type SetAsideAction = MoveAction | { kind: 'replace'; file: string; after: string; sha256?: string };

/** `quarantine` is the name, in that folder, of what the action takes away: there when `sha256` is. */
export type AppliedAction = (RepairAction | SetAsideAction) & { quarantine?: string };

/** The record of one repair, written before its first change: `quarantine/repair-0001.json`. */
export interface RepairJournal {
  walq: 1;
  appliedMs: number;
  actions: AppliedAction[];
  /** What a writer would have changed since: see `writerMark`. */
  mark?: string;
  /**
   * 'begun' is written before an undo changes its first byte: after a power loss amid one, what stands behind the cut
   * may be half of the copy, zeros, or what the disk held there before.
   */
  undo?: 'begun' | 'done';
}

const namePattern = /^repair-(\d{4,})\.json$/;
const bytesMax = 16 * 1024 * 1024;

/** Name of a journal that is not there yet. */
export async function nextJournalName(env: StorageEnv, storeDir: string): Promise<string> {
  const last = namePattern.exec((await journalNames(env, storeDir)).at(-1) ?? '');
  return `repair-${String(Number(last?.[1] ?? 0) + 1).padStart(4, '0')}.json`;
}

/**
 * The newest journal that was not undone. Rejects with E_REPAIR_JOURNAL (3) when one newer than that cannot be read:
 * repairs are taken back in order or not at all; E_NEWER_FORMAT (5), E_READ.
 */
export async function lastJournal(
  env: StorageEnv,
  storeDir: string,
): Promise<{ name: string; journal: RepairJournal } | undefined> {
  for (const name of (await journalNames(env, storeDir)).toReversed()) {
    const path = join(storeDir, quarantineFolder, name);
    const bytes = await readSmall(env.fs, path, bytesMax);
    if (bytes === undefined) continue;
    const journal = decodeJournal(bytes, path);
    if (journal.undo !== 'done') return { name, journal };
  }
  return undefined;
}

/** Whole and on disk when it returns. */
export async function writeJournal(
  env: StorageEnv,
  storeDir: string,
  name: string,
  journal: RepairJournal,
): Promise<void> {
  const folder = await makeQuarantine(env, storeDir);
  await writeAtomic(env.fs, folder, name, Buffer.from(`${JSON.stringify(journal, null, 2)}\n`));
}

async function journalNames(env: StorageEnv, storeDir: string): Promise<string[]> {
  const folder = join(storeDir, quarantineFolder);
  await refuseLink(env.fs, folder);
  const names = await listFolder(env.fs, folder);
  const numberOf = (name: string): number => Number(namePattern.exec(name)?.[1]);
  return names.filter((name) => namePattern.test(name)).sort((a, b) => numberOf(a) - numberOf(b));
}

/** What it names is written to: one that names anything but what repair touches is not followed. */
function decodeJournal(bytes: Uint8Array, path: string): RepairJournal {
  let found: unknown;
  try {
    found = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch (cause) {
    throw badJournal(path, 'it is not JSON', cause);
  }
  if (!isRecord(found) || typeof found.walq !== 'number') throw badJournal(path, 'it is not the record of a repair');
  const { walq, appliedMs, actions, mark, undo } = found;
  if (walq > 1) throw newerError('E_NEWER_FORMAT', `${path} was written by a newer walq`, { data: { file: path } });
  const known = undo === undefined || undo === 'begun' || undo === 'done';
  const isMark = mark === undefined || isHash(mark);
  if (
    walq !== 1 ||
    typeof appliedMs !== 'number' ||
    !known ||
    !isMark ||
    !Array.isArray(actions) ||
    !actions.every(isAction)
  ) {
    throw badJournal(path, 'it names what no repair does');
  }
  return {
    walq,
    appliedMs,
    actions,
    ...(mark !== undefined && { mark: `${mark}` }),
    ...(undo !== undefined && { undo }),
  };
}

function isAction(value: unknown): value is AppliedAction {
  if (!isRecord(value)) return false;
  const { kind, file, quarantine, sha256 } = value;
  const takesAway = isPlainName(quarantine) && isHash(sha256);
  if (kind === 'write-store-file') {
    const takesNothing = quarantine === undefined && sha256 === undefined;
    return file === storeFileName && isIdentity(value.identity) && (takesAway || takesNothing);
  }
  if (typeof file !== 'string') return false;
  const isSegment = parentOf(file) === walFolder && parseSegmentFileName(baseName(file)) !== undefined;
  const isSnapshot = parentOf(file) === snapshotFolder && parseSnapshotFileName(baseName(file)) !== undefined;
  if (kind === 'move') return (isSegment || isSnapshot) && takesAway;
  if (kind === 'replace') {
    const isNew = file === headFileName && quarantine === undefined && sha256 === undefined;
    return isHash(value.after) && (isNew || ((isSegment || file === headFileName) && takesAway));
  }
  if (kind !== 'trim' && kind !== 'heal') return false;
  const isStretch = isSegment && isCount(value.offset) && isCount(value.bytes) && takesAway;
  return isStretch && (kind === 'trim' || isFlip(value));
}

function isFlip({ at, bit, offset, bytes, sha256After }: Record<string, unknown>): boolean {
  const inside = isCount(at) && Number(at) >= Number(offset) && Number(at) < Number(offset) + Number(bytes);
  return inside && isCount(bit) && Number(bit) < 8 && isHash(sha256After);
}

function isHash(value: unknown): boolean {
  return typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);
}

function isIdentity(value: unknown): boolean {
  return isRecord(value) && /^[0-9a-f]{32}$/.test(String(value.id)) && isCount(value.createdMs);
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function isPlainName(value: unknown): boolean {
  return typeof value === 'string' && value !== '' && value !== '.' && value !== '..' && !/[/\0]/.test(value);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function badJournal(path: string, why: string, cause?: unknown): WalqError {
  return damageError('E_REPAIR_JOURNAL', `${path} cannot be used to take a repair back: ${why}`, {
    data: { file: path },
    ...(cause !== undefined && { cause }),
  });
}

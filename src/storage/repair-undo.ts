import { closeAll } from '../base/close-all.ts';
import { notFoundError } from '../base/errors.ts';
import { join } from '../base/path.ts';
import { writeError } from '../fs/failure.ts';
import { removeIfThere } from '../fs/gone.ts';
import { type OpenSource, openIfThere, readInto, readSmall } from '../fs/read.ts';
import { copyStretch, writeAtomic } from '../fs/write.ts';
import { quarantineFolder } from './folder.ts';
import { takeLock } from './lock.ts';
import { scanStore } from './read.ts';
import {
  damagedEvidence,
  HeldSegments,
  hashOf,
  recorded,
  staleUndo,
  type UndoStep,
  writerMark,
} from './repair-files.ts';
import { byFile, turnBits } from './repair-heal.ts';
import {
  type AppliedAction,
  type HealAction,
  isHeal,
  lastJournal,
  type RepairJournal,
  writeJournal,
} from './repair-journal.ts';
import { prepareSetAside } from './set-aside.ts';
import { encodeStoreFile, storeFileName } from './store-file.ts';
import type { StorageEnv } from './types.ts';

/**
 * Takes back the last repair that was not yet undone: the files become what they were, to the byte. All is looked at
 * before the first byte changes, and an undo that a crash cut short is finished by the next one. Rejects with
 * E_NOTHING_TO_UNDO (1), with E_PLAN_STALE (7) when the store has been written to since, with E_REPAIR_JOURNAL and
 * E_EVIDENCE (3) when what repair kept is damaged, E_LOCKED, E_IO, E_NO_SPACE.
 */
export async function undoRepair(env: StorageEnv, storeDir: string): Promise<RepairJournal> {
  const lock = await takeLock(env, storeDir, {});
  const held = new HeldSegments(env, storeDir);
  const steps: UndoStep[] = [];
  try {
    const found = await lastJournal(env, storeDir);
    if (found === undefined) {
      throw notFoundError('E_NOTHING_TO_UNDO', `no repair to undo in ${join(storeDir, quarantineFolder)}`);
    }
    const { name, journal } = found;
    const begun = journal.undo === 'begun';
    await refuseWritten(env, storeDir, journal);
    const prepared = async (step: Promise<UndoStep | undefined>): Promise<void> => {
      const found = await step;
      if (found) steps.push(found);
    };
    for (const action of journal.actions.toReversed()) {
      if (action.kind === 'trim') await prepared(prepareTail(env, storeDir, held, action, begun));
      if (action.kind === 'write-store-file') await prepared(prepareStoreFile(env, storeDir, action));
      if (action.kind === 'move' || action.kind === 'replace') await prepared(prepareSetAside(env, storeDir, action));
    }
    for (const [file, flips] of byFile(journal.actions.filter(isHeal)))
      await prepared(prepareFlips(env, storeDir, held, file, flips));
    if (!begun) await writeJournal(env, storeDir, name, { ...journal, undo: 'begun' });
    const undone: RepairJournal = { ...journal, undo: 'done' };
    await recorded(storeDir, 'undo', async () => {
      for (const step of steps) await step.run();
      await writeJournal(env, storeDir, name, undone);
    });
    return undone;
  } catch (error) {
    throw writeError(storeDir, error);
  } finally {
    await closeAll(
      ...steps.map((step) => () => step.close()),
      () => held.close(),
      () => lock.release(),
    );
  }
}

/**
 * A flipped bit that is put back, a bad STORE.json, or a file behind the end of the log closes the store with all that
 * was written to it since. Going back in place has no mark: what it moved away has to be there again, file by file.
 */
async function refuseWritten(env: StorageEnv, storeDir: string, { actions, mark }: RepairJournal): Promise<void> {
  const closing = actions.find((action) => {
    return isHeal(action) || action.kind === 'write-store-file' || (action.kind === 'move' && mark !== undefined);
  });
  if (closing === undefined) return;
  if ((await writerMark(env, storeDir, actions)) !== mark) throw staleUndo(closing, 'the store');
}

/** `undefined` when there is nothing to do any more. */
async function prepareTail(
  env: StorageEnv,
  storeDir: string,
  held: HeldSegments,
  action: AppliedAction & { kind: 'trim' },
  begun: boolean,
): Promise<UndoStep | undefined> {
  const { offset, bytes, sha256 } = action;
  const segment = await held.get(action.file);
  if (segment === undefined) throw staleUndo(action);
  const size = await segment.size();
  if (size === offset + bytes && (await hashOf(segment, offset, bytes)) === sha256) return undefined;
  const ours = size === offset || (begun && size <= offset + bytes && (await endsAtCut(env, storeDir, action)));
  if (!ours) throw staleUndo(action);
  const evidence = await openEvidence(env, storeDir, action);
  return {
    run: async () => {
      await copyStretch(evidence, 0, bytes, segment, offset);
      await segment.datasync();
    },
    close: () => evidence.close(),
  };
}

/** Turns the bits of one segment again. The copies in quarantine/ are for people: the hashes prove what comes back. */
async function prepareFlips(
  env: StorageEnv,
  storeDir: string,
  held: HeldSegments,
  file: string,
  actions: readonly HealAction[],
): Promise<UndoStep | undefined> {
  const segment = await held.get(file);
  const healed: HealAction[] = [];
  for (const action of actions) {
    const now = segment && (await hashOf(segment, action.offset, action.bytes));
    if (now === action.sha256After) healed.push(action);
    else if (now !== action.sha256) throw staleUndo(action);
  }
  const [first] = healed;
  if (first === undefined) return undefined;
  return {
    run: async () => {
      if (!(await turnBits(env, storeDir, file, healed, 'sha256'))) throw staleUndo(first);
    },
    close: async () => {},
  };
}

/**
 * Is what stands behind the cut still no part of the log? An interrupted undo leaves anything there; a writer that was
 * there since leaves a frame, or a HEAD that says there was one.
 */
async function endsAtCut(
  env: StorageEnv,
  storeDir: string,
  { file, offset }: AppliedAction & { kind: 'trim' },
): Promise<boolean> {
  const { tail } = await scanStore(env, storeDir);
  return tail?.file === file && tail.offset === offset;
}

async function prepareStoreFile(
  env: StorageEnv,
  storeDir: string,
  action: AppliedAction & { kind: 'write-store-file' },
): Promise<UndoStep | undefined> {
  const path = join(storeDir, storeFileName);
  const now = await readSmall(env.fs, path, 4096);
  const before = action.sha256 === undefined ? undefined : await readEvidence(env, storeDir, action);
  if (same(now, before)) return undefined;
  if (!same(now, encodeStoreFile(action.identity))) throw staleUndo(action);
  return {
    run: async () => {
      if (before !== undefined) return await writeAtomic(env.fs, storeDir, storeFileName, before);
      await removeIfThere(env.fs, path);
      await env.fs.syncDir(storeDir);
    },
    close: async () => {},
  };
}

function same(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a === undefined || b === undefined ? a === b : Buffer.from(a).equals(b);
}

async function readEvidence(env: StorageEnv, storeDir: string, action: AppliedAction): Promise<Uint8Array> {
  const copy = await openEvidence(env, storeDir, action);
  try {
    const bytes = new Uint8Array(copy.size);
    return bytes.subarray(0, await readInto(copy, bytes, 0));
  } finally {
    await copy.close();
  }
}

/** The copy of what was taken away, proven to be that. */
async function openEvidence(env: StorageEnv, storeDir: string, action: AppliedAction): Promise<OpenSource> {
  const path = join(storeDir, quarantineFolder, action.quarantine ?? '');
  const copy = await openIfThere(env.fs, path);
  if (copy === undefined) throw damagedEvidence(action, path, 'is not there any more');
  try {
    if ((await hashOf(copy, 0, copy.size)) !== action.sha256) {
      throw damagedEvidence(action, path, 'is not what was taken away');
    }
    return copy;
  } catch (error) {
    await copy.close();
    throw error;
  }
}

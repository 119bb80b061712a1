import { assert, Exit, hasErrno, isFsError, WalqError } from '../base/errors.ts';
import { type Finding, findingError, worstSeverity } from '../base/finding.ts';
import { join } from '../base/path.ts';
import { shellPath } from '../base/shell-word.ts';
import { removeIfThere } from '../fs/gone.ts';
import { openSource } from '../fs/read.ts';
import type { File } from '../fs/types.ts';
import { copyStretch } from '../fs/write.ts';
import { displacedFindings, displacedFrames } from './displaced-frames.ts';
import { creatingMarker, headFileName, listWal, quarantineFolder, walFolder } from './folder.ts';
import { type Loaded, loadState } from './load.ts';
import { lockedElsewhere, openSegment } from './lock.ts';
import { createHead } from './log-files.ts';
import { type LogParts, LogWriter } from './log-writer.ts';
import { quarantineBytes } from './quarantine.ts';
import { snapshotFolder } from './snapshot/name.ts';
import { storeFileName } from './store-file.ts';
import { type Survey, surveyStore } from './survey.ts';
import type { RecoveryReport, StateMachine, StorageEnv } from './types.ts';
import type { LogEnd } from './wal/encode-frames.ts';
import { sealBytes, segmentHeaderBytes } from './wal/format.ts';
import type { SegmentResult } from './wal/scan-log.ts';

/**
 * Throws on findings that a writer may not go on with: before a byte is changed, with the code of the worst (exit 3; 5
 * for a newer format).
 */
export function refuseDamage(storeDir: string, findings: readonly Finding[]): void {
  const worst = worstSeverity(findings);
  if (worst === undefined || worst === 'note' || worst === 'torn' || worst === 'degraded') return;
  throw findingError(findings, {
    subject: `store ${storeDir} is ${worst}`,
    data: { store: storeDir, findings: findings.filter((finding) => finding.severity === worst).slice(0, 100) },
    next: `walq wal ${worst === 'ambiguous' ? 'repair' : 'verify'} ${shellPath(storeDir)}`,
  });
}

export interface Recovered<M> {
  survey: Survey;
  loaded: Loaded<M>;
}

/**
 * What a writer goes on from: the state, of a store without damage. Changes nothing. Rejects with what `refuseDamage`
 * throws, E_NO_STORE, E_READ; with E_LOCKED when another writer is found at work.
 */
export async function recover<M extends StateMachine>(
  env: StorageEnv,
  storeDir: string,
  make: () => M,
): Promise<Recovered<M>> {
  const look = async (): Promise<Recovered<M>> => {
    const survey = await surveyStore(env, storeDir);
    refuseDamage(storeDir, survey.findings);
    const loaded = await loadState(env, storeDir, survey, make).catch(async (error: unknown) => {
      throw hasErrno(error, 'ENOENT') ? lockedElsewhere(storeDir) : error;
    });
    refuseDamage(storeDir, loaded.findings);
    refuseDamage(storeDir, await displacedBehind(env, storeDir, survey, loaded.findings));
    return { survey, loaded };
  };
  try {
    return await look();
  } catch (error) {
    if (!mayBeWork(error)) throw error;
  }
  const held = await holdLast(env, storeDir);
  try {
    return await look();
  } finally {
    await held?.close();
  }
}

/** Frames in what would be trimmed as torn were written whole: bytes were put in before them. */
async function displacedBehind(
  env: StorageEnv,
  storeDir: string,
  survey: Survey,
  findings: readonly Finding[],
): Promise<Finding[]> {
  const torn = findings.filter(({ severity }) => severity === 'torn');
  return torn.length === 0 ? [] : displacedFindings(storeDir, await displacedFrames(env, storeDir, survey, torn));
}

/** Somebody who rotates and cleans while we look makes a store look like a damaged one, or takes files from under us. */
function mayBeWork(error: unknown): boolean {
  if (!(error instanceof WalqError)) return hasErrno(error, 'ENOENT');
  if (error.code === 'E_NOT_A_FILE') return false;
  return error.exit === Exit.damage || error.exit === Exit.locked || hasErrno(error.cause, 'ENOENT');
}

/**
 * The last segment, locked: a writer that was there first, its LOCK deleted, holds it as long as it lives. Rejects with
 * E_LOCKED when one does.
 */
async function holdLast(env: StorageEnv, storeDir: string): Promise<File | undefined> {
  const last = async (): Promise<string | undefined> =>
    (await listWal(env, join(storeDir, walFolder))).segments.at(-1)?.name;
  const name = await last();
  if (name === undefined) return undefined;
  const held = await openSegment(env, storeDir, join(walFolder, name));
  if (held !== undefined && (await last()) === name) return held;
  await held?.close();
  throw lockedElsewhere(storeDir);
}

export interface OpenedLog {
  writer: LogWriter;
  trimmed?: NonNullable<RecoveryReport['trimmed']>;
}

/**
 * Makes the log ready for the next frame, after `loadState` found nothing that refuses. Only here does an opening
 * write: an interrupted rotation is taken back, a torn tail goes to quarantine and is trimmed, left-over files go,
 * and every byte that nothing certifies is written again and synced (after a failed sync the page cache shows bytes
 * that the disk lacks). Each step may be interrupted; the next opening does it again.
 */
export async function openLog(
  env: StorageEnv,
  storeDir: string,
  survey: Survey,
  loaded: Loaded<StateMachine>,
  sizes: Pick<LogParts, 'aheadBytes' | 'segmentBytes'>,
): Promise<OpenedLog> {
  const walDir = join(storeDir, walFolder);
  const { active, unused } = activeSegment(loaded);
  const header = active.scan.header;
  assert(header && active.input.name, 'the active segment has a header and a name');
  const path = join(walDir, active.input.name.name);
  const file = await openSegment(env, storeDir, join(walFolder, active.input.name.name));
  if (file === undefined) throw lockedElsewhere(storeDir);
  try {
    if (await movedOn(env, walDir, file, survey, active)) throw lockedElsewhere(storeDir);
    if (unused?.input.name) await removeIfThere(env.fs, join(walDir, unused.input.name.name));
    await removeLeftovers(env, storeDir, survey);
    const trimmed = await trimTail(env, storeDir, file, active);
    const cleanlyClosed = survey.headUsable && survey.head?.closed && loaded.judgement.endProven;
    if (!cleanlyClosed || trimmed) {
      await persistSealBefore(env, walDir, survey, loaded, active);
      await rewriteUncertified(env, path, file, {
        certified: loaded.judgement.certified.get(active) ?? 0,
        end: active.scan.run.end,
      });
      // A writer that died may have left names that are there for us and not yet on the disk.
      for (const folder of [walDir, join(storeDir, snapshotFolder), storeDir]) await syncIfThere(env, folder);
    }
    const at: LogEnd = {
      segment: { name: active.input.name.name, ordinal: header.ordinal, salt: header.salt },
      ...active.scan.run,
    };
    const counter = survey.headUsable ? (survey.head?.counter ?? 0) : 0;
    if (!survey.headUsable) await createHead(env, storeDir, survey.identity.id, at, counter);
    const head = await env.fs.open(join(storeDir, headFileName), 'r+', { nofollow: true });
    const writer = new LogWriter(env, storeDir, {
      storeId: survey.identity.id,
      file,
      head,
      headCounter: counter,
      at,
      ...sizes,
    });
    try {
      if (survey.headUsable && (survey.head?.ordinal !== at.segment.ordinal || survey.head.end !== at.end))
        writer.writeHead();
    } catch (error) {
      await head.close();
      throw error;
    }
    return { writer, ...(trimmed && { trimmed }) };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/**
 * The lock of the active segment keeps a second writer out when LOCK was deleted under the first. But that one may have
 * gone on to another segment since we looked, and have let go of this one.
 */
async function movedOn(
  env: StorageEnv,
  walDir: string,
  file: File,
  survey: Survey,
  active: SegmentResult,
): Promise<boolean> {
  const seen = new Set([...survey.leftover, ...survey.live].map(({ name }) => name));
  const { segments } = await listWal(env, walDir);
  return (await file.size()) !== active.scan.size || segments.some(({ name }) => !seen.has(name));
}

const ownTemps = [creatingMarker, `${headFileName}.tmp`, `${storeFileName}.tmp`];

/** Temp files and covered segments are in nobody's way: one that cannot be removed stays. */
async function removeLeftovers(env: StorageEnv, storeDir: string, survey: Survey): Promise<void> {
  const inWal = [...survey.temps, ...survey.leftover.map((segment) => segment.name)];
  for (const file of [...inWal.map((name) => join(walFolder, name)), ...survey.snapshotTemps, ...ownTemps]) {
    try {
      await removeIfThere(env.fs, join(storeDir, file));
    } catch (error) {
      if (!isFsError(error)) throw error;
    }
  }
}

async function syncIfThere(env: StorageEnv, folder: string): Promise<void> {
  if ((await env.fs.lstat(folder)) !== undefined) await env.fs.syncDir(folder);
}

/** The writer may have died between writing the SEAL of the segment before and syncing it. HEAD says when it did not. */
async function persistSealBefore(
  env: StorageEnv,
  walDir: string,
  survey: Survey,
  loaded: Loaded<StateMachine>,
  active: SegmentResult,
): Promise<void> {
  const before = loaded.log.segments[loaded.log.segments.indexOf(active) - 1];
  const ordinal = active.scan.header?.ordinal ?? 0;
  if (before?.input.name === undefined || (survey.headUsable && (survey.head?.ordinal ?? 0) >= ordinal)) return;
  const path = join(walDir, before.input.name.name);
  const file = await env.fs.open(path, 'r+', { nofollow: true });
  try {
    const { end } = before.scan.run;
    await rewriteUncertified(env, path, file, { certified: end - sealBytes, end });
  } finally {
    await file.close();
  }
}

/** The segment to go on in; and the one after it that an interrupted rotation created and never used. */
function activeSegment(loaded: Loaded<StateMachine>): { active: SegmentResult; unused?: SegmentResult } {
  const last = loaded.log.segments.at(-1);
  const before = loaded.log.segments.at(-2);
  assert(last !== undefined, 'a log has a segment');
  const unfinished = loaded.judgement.findings.some((finding) => finding.code === 'E_ROTATION_UNFINISHED');
  return unfinished && before ? { active: before, unused: last } : { active: last };
}

async function trimTail(
  env: StorageEnv,
  storeDir: string,
  file: File,
  active: SegmentResult,
): Promise<RecoveryReport['trimmed']> {
  const { size } = active.scan;
  const { end } = active.scan.run;
  if (size <= end) return undefined;
  const name = active.input.name?.name ?? '';
  const zerosOnly = active.scan.holes.every((hole) => hole.kind === 'zeros');
  const source = await openSource(env.fs, join(storeDir, walFolder, name));
  try {
    const quarantine = zerosOnly
      ? ''
      : await quarantineBytes(env, storeDir, `${name}.tail-${end}`, source, end, size - end);
    // The sync of what is written again next makes it last. Should the tail come back before, it is trimmed again.
    await file.truncate(end);
    return zerosOnly
      ? undefined
      : { file: join(walFolder, name), offset: end, bytes: size - end, quarantine: join(quarantineFolder, quarantine) };
  } finally {
    await source.close();
  }
}

/** From the certified end to the end of the log. */
async function rewriteUncertified(
  env: StorageEnv,
  path: string,
  file: File,
  { certified, end }: { certified: number; end: number },
): Promise<void> {
  const from = Math.max(segmentHeaderBytes, Math.min(certified, end));
  const source = await openSource(env.fs, path);
  try {
    await copyStretch(source, from, end - from, file, from);
  } finally {
    await source.close();
  }
  await file.datasync();
}

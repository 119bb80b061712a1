import { hasErrno } from '../base/errors.ts';
import { join } from '../base/path.ts';
import { type OpenSource, openSource } from '../fs/read.ts';
import { type LogFiles, openLogFiles } from './beside-writer.ts';
import { readHead, walFolder } from './folder.ts';
import { isBehind } from './snapshot-place.ts';
import type { StoreIdentity } from './store-file.ts';
import { ownHead, type Survey, surveyStore } from './survey.ts';
import type { StorageEnv } from './types.ts';
import type { HeadSlot } from './wal/head.ts';
import { type SegmentResult, scanLog } from './wal/scan-log.ts';

/** What a backup takes of a store: open files, so that a cleaning beside us takes nothing away any more. */
export interface BackupSource {
  identity: StoreIdentity;
  /** Where the copy ends: what its HEAD says. */
  head: HeadSlot;
  /** `bytes` of each, from its start; relative to the store. */
  files: readonly { file: string; bytes: number; source: OpenSource }[];
  close(): Promise<void>;
}

/**
 * Opens what is to be copied. `leave` names snapshots that are known to be bad. Undefined when a writer beside us took
 * something away, or went past the end just read: a fresh look finds what is there now. Rejects as `surveyStore` does.
 */
export async function openBackupSource(
  env: StorageEnv,
  storeDir: string,
  leave: ReadonlySet<string>,
): Promise<BackupSource | undefined> {
  const survey = await surveyStore(env, storeDir);
  const opened: { close(): Promise<void> }[] = [];
  const close = async (): Promise<void> => {
    for (const source of opened) await source.close();
  };
  try {
    const held = await openLogFiles(env, join(storeDir, walFolder), walFolder, survey.live);
    opened.push(held);
    const segments = held.inputs;
    const head = await endOf(env, storeDir, survey, segments);
    const last = segments.find(({ name }) => name.ordinal === head?.ordinal);
    if (head === undefined || last === undefined || last.source.size < head.end) return await giveUp(close);
    const files: BackupSource['files'][number][] = segments
      .filter(({ name }) => name.ordinal <= head.ordinal)
      .map(({ file, source, name }) => ({ file, source, bytes: name === last.name ? head.end : source.size }));
    for (const { file, seq, point } of survey.snapshots) {
      // One behind the end is of a moment after it.
      if (point === undefined || seq > head.seqLast || leave.has(file)) continue;
      if (isBehind(point, { ordinal: head.ordinal, offset: head.end })) continue;
      const source = await openSource(env.fs, join(storeDir, file));
      opened.push(source);
      files.push({ file, source, bytes: source.size });
    }
    return { identity: survey.identity, head, files, close };
  } catch (error) {
    await close();
    if (hasErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}

async function giveUp(close: () => Promise<void>): Promise<undefined> {
  await close();
  return undefined;
}

/** How long HEAD must stand still before frames behind it count, milliseconds. */
const quietMs = [50, 250];

/**
 * Beside a writer the log ends at HEAD: what lies behind is a write in flight, which may yet be taken back. In a store
 * at rest it ends with its last good frame: HEAD is not synced, so after a power loss it may say less than what was
 * answered. Who is there shows in HEAD: it moves.
 */
async function endOf(
  env: StorageEnv,
  storeDir: string,
  survey: Survey,
  segments: LogFiles['inputs'],
): Promise<HeadSlot | undefined> {
  const head = ownHead(survey);
  const whole = await wholeEnd(survey, segments, head);
  if (whole === undefined || (head?.ordinal === whole.ordinal && head.end === whole.end)) return head ?? whole;
  for (const ms of quietMs) {
    await env.clock.sleep(ms);
    // As it was found, whosever it is: one of another store stands still too.
    if ((await readHead(env, storeDir)).slot?.counter !== survey.head?.counter) return head;
  }
  return whole;
}

/** HEAD as it would stand at the last good frame. */
async function wholeEnd(
  survey: Survey,
  segments: LogFiles['inputs'],
  head: HeadSlot | undefined,
): Promise<HeadSlot | undefined> {
  const evidence = { storeId: survey.identity.id, alone: true };
  const results = (await scanLog(segments.slice(-2), evidence)).segments;
  const last = endSegment(results);
  if (last?.scan.header === undefined) return undefined;
  const { ordinal, salt } = last.scan.header;
  const { end, link, seqNext } = last.scan.run;
  const counter = (head?.counter ?? 0) + 1;
  return { counter, storeId: survey.identity.id, ordinal, seqLast: seqNext - 1, end, link, salt, closed: false };
}

/** The last one, but for one that an interrupted rotation created and never used. */
function endSegment(results: readonly SegmentResult[]): SegmentResult | undefined {
  const [before, last] = [results.at(-2), results.at(-1)];
  return before !== undefined && !before.scan.sealed && last?.scan.frames === 0 ? before : last;
}

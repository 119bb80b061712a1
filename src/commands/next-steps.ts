import type { Finding } from '../base/finding.ts';
import { baseName, join } from '../base/path.ts';
import { shellPath } from '../base/shell-word.ts';
import { quarantineFolder } from '../storage/folder.ts';
import { verdictOf } from '../storage/report.ts';
import { parseSnapshotFileName } from '../storage/snapshot/name.ts';
import { storeFileName } from '../storage/store-file.ts';
import type { SnapshotCheck, Verdict } from '../storage/types.ts';
import type { TargetName } from './target.ts';
import { worstFirst } from './verdict.ts';

/** A command to copy, and what it does. */
export interface Step {
  command: string;
  does: string;
}

export interface Judged {
  target: TargetName;
  verdict: Verdict;
  findings: readonly Finding[];
  /** Newest first. */
  snapshots?: readonly SnapshotCheck[];
  /** A flipped bit explains some of the damage; undefined where nobody has looked. */
  oneBit?: boolean | undefined;
  /** Last seq of the log. */
  seqLast?: number | undefined;
  /** Files behind its end that are no part of it. */
  strays?: readonly string[] | undefined;
}

/**
 * What to do about a verdict, in order, safest first: none of these changes a byte without being told to (`--apply`),
 * or keeps what it replaces. Empty where nothing is to be done.
 */
export function stepsFor(judged: Judged): Step[] {
  const { target, verdict, findings, snapshots = [], oneBit, seqLast, strays = [] } = judged;
  const path = shellPath(target.path);
  const worst = worstFirst(findings)[0];
  const explain: Step[] =
    worst === undefined || worst.severity === 'note'
      ? []
      : [{ command: `walq help ${worst.code}`, does: 'what this means' }];
  if (target.kind !== 'store') return explain;
  const noFile = findings.find(({ code }) => code === 'E_NOT_A_FILE');
  if (noFile !== undefined) {
    const others = findings.filter((finding) => finding !== noFile);
    const left = stepsFor({ ...judged, verdict: verdictOf(others), findings: others });
    return [asideStep(target.path, noFile, 'no file, and in the way of one'), ...left].slice(0, 3);
  }
  if (strays.length > 0) {
    const others = findings.filter(({ file }) => !strays.includes(file));
    const left = stepsFor({ ...judged, verdict: verdictOf(others), findings: others, strays: [] });
    return [strayStep(path), ...left, ...foreignSteps(target.path, findings, 'whose file is it?'), ...explain].slice(
      0,
      3,
    );
  }
  switch (verdict) {
    case 'torn':
    case 'ambiguous':
      return [{ command: `walq wal repair ${path} --mode trim`, does: 'shows what would be cut off, changes nothing' }];
    case 'degraded':
      return snapshotSteps(target.path, snapshots, findings, seqLast, explain);
    case 'corrupt':
      if (onlyStoreFile(findings))
        return [{ command: `walq wal repair ${path}`, does: 'shows the STORE.json to write' }];
      if (worst?.code === 'E_REPLAY') return [...cutBefore(path, worst), ...explain];
      // Of nothing there is no new store: a copy of the log elsewhere is all that helps.
      if (worst?.code === 'E_GUTTED' && !snapshots.some(({ summary }) => summary)) return explain;
      return [
        ...foreignSteps(target.path, findings, 'whose file is it? It is to be moved away, and the right one put back'),
        ...((oneBit ?? findings.some(mayBeOneBit)) ? [healStep(path, oneBit === true)] : []),
        salvageStep(path),
        ...explain,
      ].slice(0, 3);
    case 'no base':
      return [salvageStep(path), ...explain];
    default:
      return explain;
  }
}

function strayStep(path: string): Step {
  return { command: `walq wal repair ${path}`, does: 'shows which files behind its end would be moved away' };
}

/** Who looks at it alone sees whose it is. */
function foreignSteps(store: string, findings: readonly Finding[], does: string): Step[] {
  const foreign = findings.find(({ code }) => code === 'E_FOREIGN_SEGMENT');
  if (foreign === undefined) return [];
  const command = `walq wal inspect ${shellPath(join(store, foreign.file))}`;
  return [{ command, does }];
}

function healStep(path: string, proved: boolean): Step {
  const what = proved ? 'one flipped bit explains it: shows which' : 'is it one flipped bit?';
  return { command: `walq wal repair ${path} --mode heal`, does: `${what}; changes nothing yet` };
}

/** Salvage would take it over as it is: its bytes are sound. */
function cutBefore(path: string, { seqFirst = 1 }: Finding): Step[] {
  const at = Number(seqFirst) - 1;
  if (at === 0) return [];
  const command = `walq wal repair ${path} --mode cut --at ${at} --to NEWSTORE`;
  return [{ command, does: 'shows what a new store would hold, up to the event that does not fit' }];
}

function salvageStep(path: string): Step {
  const command = `walq wal repair ${path} --mode salvage --to NEWSTORE`;
  return { command, does: 'shows what a new store would hold' };
}

/** Bytes are there and wrong: the damage that a flipped bit makes. */
export function mayBeOneBit({ code }: Finding): boolean {
  return code === 'E_PAYLOAD' || code === 'E_FRAME_HEADER' || code === 'E_SEGMENT_HEADER';
}

/** `walq snapshot prune` takes away what is older than the two newest good ones (retention.ts). */
const snapshotsKept = 2;

/** A bad snapshot goes once enough good ones are newer: until then, one more of them. */
function snapshotSteps(
  store: string,
  snapshots: readonly SnapshotCheck[],
  findings: readonly Finding[],
  seqLast: number | undefined,
  explain: readonly Step[],
): Step[] {
  const faulty = new Set(findings.map(({ severity, file }) => (severity === 'note' ? undefined : file)));
  const isBad = ({ file, summary }: SnapshotCheck): boolean => summary === undefined || faulty.has(file);
  const path = shellPath(store);
  const firstBad = snapshots.findIndex(isBad);
  const bad = snapshots[firstBad];
  if (bad !== undefined && seqLast !== undefined && seqOf(bad) > seqLast)
    return [asideStep(store, bad, 'its name is of a seq that the log has not reached'), ...explain];
  const newerGood = Math.max(0, firstBad);
  if (newerGood >= snapshotsKept)
    return [{ command: `walq snapshot prune ${path}`, does: 'takes the bad one away' }, ...explain];
  const newest = snapshots[0]?.summary?.seq;
  const command = `walq snapshot create ${path}`;
  const does = newerGood === 0 ? 'a good snapshot beside the bad one' : 'one more good one, and the bad one can go';
  // As long as nothing happens no other is written: whoever follows the first command would turn in a circle.
  if (bad !== undefined && newest !== undefined && newest === seqLast)
    return [asideStep(store, bad, 'a good one holds the state as it is now'), ...explain];
  return [{ command, does }, ...explain];
}

/** Repair writes STORE.json anew. */
function onlyStoreFile(findings: readonly Finding[]): boolean {
  return findings.every((finding) => finding.severity === 'note' || finding.file === storeFileName);
}

function seqOf({ file }: SnapshotCheck): number {
  return parseSnapshotFileName(baseName(file)) ?? 0;
}

/** A bad one that does not go by itself: the log has not reached its name, or does not grow. */
function asideStep(store: string, { file }: { file: string }, why: string): Step {
  const folder = shellPath(join(store, quarantineFolder));
  const command = `mkdir -p ${folder} && mv -n ${shellPath(join(store, file))} ${folder}`;
  return { command, does: `sets it aside: ${why}` };
}

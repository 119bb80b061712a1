import type { Finding } from '../base/finding.ts';
import { shellWord } from '../base/shell-word.ts';
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
  snapshots?: readonly SnapshotCheck[];
}

/**
 * What to do about a verdict, in order, safest first: none of these changes a byte without being told to (`--apply`),
 * or keeps what it replaces. Empty where nothing is to be done.
 */
export function stepsFor({ target, verdict, findings, snapshots }: Judged): Step[] {
  const path = shellWord(target.path);
  const worst = worstFirst(findings)[0];
  const explain: Step[] =
    worst === undefined || worst.severity === 'note'
      ? []
      : [{ command: `walq help ${worst.code}`, does: 'what this means' }];
  if (target.kind !== 'store') return explain;
  switch (verdict) {
    case 'torn':
    case 'ambiguous':
      return [{ command: `walq wal repair ${path} --mode trim`, does: 'shows what would be cut off, changes nothing' }];
    case 'degraded':
      return [...snapshotStep(path, snapshots ?? []), ...explain];
    case 'corrupt':
      if (onlyStoreFile(findings))
        return [{ command: `walq wal repair ${path}`, does: 'shows the STORE.json to write' }];
      return [...(findings.some(mayBeOneBit) ? [healStep(path)] : []), salvageStep(path), ...explain];
    case 'no base':
      return [salvageStep(path), ...explain];
    default:
      return explain;
  }
}

function healStep(path: string): Step {
  return { command: `walq wal repair ${path} --mode heal`, does: 'is it one flipped bit? Changes nothing yet' };
}

function salvageStep(path: string): Step {
  const command = `walq wal repair ${path} --mode salvage --to NEWSTORE`;
  return { command, does: 'shows what a new store would have of it' };
}

/** Bytes are there and wrong: the damage that a flipped bit makes. */
function mayBeOneBit({ code }: Finding): boolean {
  return code === 'E_PAYLOAD' || code === 'E_FRAME_HEADER' || code === 'E_SEGMENT_HEADER';
}

/** A bad snapshot goes once two newer good ones are there (retention.ts). */
function snapshotStep(path: string, snapshots: readonly SnapshotCheck[]): Step[] {
  const newerGood = snapshots.findIndex((check) => check.summary === undefined);
  if (newerGood <= 0) return [{ command: `walq snapshot create ${path}`, does: 'a good snapshot beside the bad one' }];
  if (newerGood > 1) return [{ command: `walq snapshot prune ${path}`, does: 'takes the bad one away' }];
  return [];
}

/** Repair writes STORE.json anew. */
function onlyStoreFile(findings: readonly Finding[]): boolean {
  return findings.every((finding) => finding.severity === 'note' || finding.file === storeFileName);
}

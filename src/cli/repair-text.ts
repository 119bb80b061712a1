import type { HealCandidate } from '../storage/repair-heal.ts';
import type { AppliedAction, RepairAction, SetAsideAction } from '../storage/repair-journal.ts';
import { count, counted } from './text.ts';

/** One step of a plan, of what was done, and of what was taken back, as a line. Not escaped. */

export function planText(action: RepairAction | SetAsideAction): string {
  switch (action.kind) {
    case 'write-store-file':
      return `write ${action.file} anew, from the segment headers (store id ${action.identity.id})`;
    case 'heal': {
      const kept = `copy ${counted(action.bytes, 'byte')} around it to quarantine/`;
      return `${kept}, then turn ${bitText(action)} (${action.what}${seqsText(action)})`;
    }
    case 'trim':
      return `copy ${tailText(action)} to quarantine/, then cut them off`;
    case 'move':
      return `move ${action.file} to quarantine/`;
    case 'replace':
      return `keep ${action.file} in quarantine/, and put what it was at that point in its place`;
  }
}

function tailText({ file, offset, bytes }: Extract<RepairAction, { kind: 'trim' }>): string {
  return `${counted(bytes, 'byte')} of ${file} from offset ${offset}`;
}

function bitText({ file, at, bit }: { file: string; at: number; bit: number }): string {
  return `bit ${bit} of the byte at offset ${at} of ${file}`;
}

function seqsText({ seqFirst, seqLast }: { seqFirst?: number; seqLast?: number }): string {
  if (seqFirst === undefined) return '';
  return seqLast === undefined || seqLast === seqFirst ? `, seq ${seqFirst}` : `, seq ${seqFirst}..${seqLast}`;
}

export function candidateText(candidate: HealCandidate): string {
  const odds = `in a payload of this length other damage looks the same once in ${count(candidate.oneIn)}`;
  return `only a candidate, not healed: ${bitText(candidate)}${seqsText(candidate)}; ${odds}`;
}

export function doneText(action: AppliedAction): string {
  const kept = action.quarantine === undefined ? '' : `; kept in quarantine/${action.quarantine}`;
  switch (action.kind) {
    case 'write-store-file':
      return `wrote ${action.file} anew${kept}`;
    case 'heal':
      return `turned ${bitText(action)} (${action.what}${seqsText(action)})${kept}`;
    case 'trim':
      return `cut ${counted(action.bytes, 'byte')} from offset ${action.offset} off ${action.file}${kept}`;
    case 'move':
      return `moved ${action.file} to quarantine/${action.quarantine}`;
    case 'replace':
      return `replaced ${action.file}${kept}`;
  }
}

export function undoneText(action: AppliedAction): string {
  const isPart = action.kind === 'trim' || action.kind === 'heal';
  const part = isPart ? `, ${counted(action.bytes, 'byte')} from offset ${action.offset}` : '';
  return `put back: ${action.file}${part}`;
}

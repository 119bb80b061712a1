import type { ForeignLogSummary } from '../formats/types.ts';
import type { Verdict } from '../storage/types.ts';
import { count, counted } from './text.ts';

const rangesShown = 4;

/**
 * What the verdict on a foreign log means, worst first: what is lost, what is still there, what is odd about its
 * numbers.
 */
export function foreignClauses(log: ForeignLogSummary, verdict: Verdict): string[] {
  const clauses: string[] = [];
  if (verdict === 'torn')
    clauses.push(`the last record${damagedSeqs(log)} never became whole; nothing else is missing`);
  if (verdict !== 'torn' && (log.missingCount !== '0' || log.damaged > 0)) {
    const missing = log.missingCount === '0' ? '' : `${digits(log.missingCount)} missing${missingSeqs(log)}`;
    const damaged = log.damaged === 0 ? '' : `${counted(log.damaged, 'event')} damaged${damagedSeqs(log)}`;
    clauses.push(`lost: ${[damaged, missing].filter((text) => text !== '').join(', ')}`);
  }
  const after = log.recordsAfterDamage + log.recordsGlued;
  if (after > 0) clauses.push(`after the damage: ${counted(after, 'valid event')}`);
  const odd = [
    log.restarts > 0 ? counted(log.restarts, 'restart') : '',
    log.outOfOrder > 0 ? `${count(log.outOfOrder)} out of order` : '',
    log.duplicates > 0 ? counted(log.duplicates, 'duplicate') : '',
    log.conflicts > 0 ? counted(log.conflicts, 'conflict') : '',
  ].filter((text) => text !== '');
  if (odd.length > 0) clauses.push(`numbers: ${odd.join(', ')}`);
  if (log.withoutPayload > 0) clauses.push(`${counted(log.withoutPayload, 'job')} without a payload in the log`);
  return clauses;
}

/** Digits of any length, events counted. */
function digits(text: string): string {
  return `${text.replace(/\B(?=(\d{3})+$)/g, ',')} ${text === '1' ? 'event' : 'events'}`;
}

function missingSeqs(log: ForeignLogSummary): string {
  const ranges = log.missing
    .slice(0, rangesShown)
    .map((each) => (each.seqFirst === each.seqLast ? each.seqFirst : `${each.seqFirst}..${each.seqLast}`));
  return ranges.length === 0 ? '' : ` (seq ${ranges.join(', ')}${log.missing.length > rangesShown ? ', …' : ''})`;
}

/** Numbers of the damaged records, where they can still be read. */
function damagedSeqs(log: ForeignLogSummary): string {
  const seqs = log.findings.flatMap((finding) => {
    const isRecord = finding.severity !== 'note' && finding.code !== 'E_GAP' && finding.seqFirst !== undefined;
    return isRecord ? [String(finding.seqFirst)] : [];
  });
  const shown = [...new Set(seqs)].slice(0, rangesShown);
  return shown.length === 0 ? '' : ` (seq ${shown.join(', ')}${seqs.length > shown.length ? ', …' : ''})`;
}

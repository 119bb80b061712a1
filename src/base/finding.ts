import type { Code } from './code.ts';
import { assert, damageError, type ErrorDetails, newerError, type WalqError } from './errors.ts';

/**
 * How bad one finding is. The verdict of a whole store or file follows from its worst finding:
 * 'note' never changes the exit code, 'torn' 4, 'newer' 5, 'ambiguous' | 'corrupt' | 'degraded' | 'no-base' 3.
 */
export type Severity = 'note' | 'torn' | 'degraded' | 'ambiguous' | 'no-base' | 'newer' | 'corrupt';

/**
 * One fault, as data. Readers report findings; callers decide what to do. Same shape for our files and foreign ones.
 */
export interface Finding {
  code: Code;
  severity: Severity;
  /** Path relative to the target the user named ('wal/0000000001-….wal'), or the file's own name. */
  file: string;
  /** First byte concerned. */
  offset?: number;
  /** One past the last byte concerned. */
  end?: number;
  /** Seqs concerned, inclusive. Text where a foreign file's number exceeds 2^53. */
  seqFirst?: number | string;
  seqLast?: number | string;
  /** One clause in plain words, without file, offset, got and expected. */
  message: string;
  got?: string;
  expected?: string;
}

/**
 * Worst last. What only a newer walq can read may hold anything: a bad snapshot beside it does not make a store one to
 * be opened, and what seems to be missing may stand there.
 */
export const severities: readonly Severity[] = ['note', 'torn', 'degraded', 'ambiguous', 'no-base', 'newer', 'corrupt'];

export function worstSeverity(findings: Iterable<{ severity: Severity }>): Severity | undefined {
  let worst = -1;
  for (const finding of findings) worst = Math.max(worst, severities.indexOf(finding.severity));
  return severities[worst];
}

/**
 * `wal/0000000001-….wal: payload checksum mismatch at offset 4096 (seq 41..44), got 1a2b3c4d, expected 99ffee00`: what,
 * where, got and expected. Not escaped: file names and texts are as found.
 */
export function describeFinding(finding: Finding): string {
  const { file, message, offset, got, expected } = finding;
  const seqs = seqsText(finding);
  return [
    `${file}: ${message}`,
    offset === undefined ? '' : ` at offset ${offset}`,
    seqs === '' ? '' : ` (${seqs})`,
    got === undefined ? '' : `, got ${got}`,
    expected === undefined ? '' : `, expected ${expected}`,
  ].join('');
}

/** The same for the same fault, whichever reading found it. */
export function findingKey({ code, file, offset }: Finding): string {
  return `${code} ${file} ${offset ?? ''}`;
}

function seqsText({ seqFirst, seqLast }: Finding): string {
  if (seqFirst === undefined) return '';
  return seqLast === undefined || seqLast === seqFirst ? `seq ${seqFirst}` : `seq ${seqFirst}..${seqLast}`;
}

/**
 * The worst of at least one finding as the error to throw where damage is not an answer but the end: exit 3, or 5 for a
 * newer format. The finding is in `data.finding`; `subject` says what it was found in.
 */
export function findingError(findings: readonly Finding[], about: ErrorDetails & { subject?: string } = {}): WalqError {
  const { subject, data, ...details } = about;
  const worst = worstSeverity(findings);
  const found = findings.filter((finding) => finding.severity === worst);
  const finding = found[0];
  assert(finding !== undefined, 'there is a finding');
  const more = found.length > 1 ? `, and ${found.length - 1} more` : '';
  const text = `${subject === undefined ? '' : `${subject}: `}${describeFinding(finding)}${more}`;
  const make = worst === 'newer' ? newerError : damageError;
  return make(finding.code, text, { ...details, data: { finding, ...data } });
}

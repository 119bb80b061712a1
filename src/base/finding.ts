import type { Code } from './errors.ts';

/**
 * How bad one finding is. The verdict of a whole store or file follows from its worst finding:
 * 'note' never changes the exit code, 'torn' 4, 'newer' 5, 'ambiguous' | 'corrupt' | 'degraded' | 'no-base' 3.
 */
export type Severity = 'note' | 'torn' | 'degraded' | 'ambiguous' | 'newer' | 'no-base' | 'corrupt';

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

/** Worst last. */
export const severities: readonly Severity[] = ['note', 'torn', 'newer', 'degraded', 'ambiguous', 'no-base', 'corrupt'];

export function worstSeverity(findings: Iterable<{ severity: Severity }>): Severity | undefined {
  let worst = -1;
  for (const finding of findings) worst = Math.max(worst, severities.indexOf(finding.severity));
  return severities[worst];
}

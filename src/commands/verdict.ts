import { Exit, type ExitCode, unreachable } from '../base/errors.ts';
import { type Finding, type Severity, severities } from '../base/finding.ts';
import { verdictOf } from '../storage/report.ts';
import type { Verdict } from '../storage/types.ts';

export function exitOfVerdict(verdict: Verdict): ExitCode {
  switch (verdict) {
    case 'clean':
    case 'padded':
      return Exit.ok;
    case 'torn':
      return Exit.torn;
    case 'newer':
      return Exit.newer;
    case 'ambiguous':
    case 'corrupt':
    case 'degraded':
    case 'no base':
      return Exit.damage;
    default:
      return unreachable(verdict);
  }
}

/** Everything that was answered is there. */
export function isWhole(verdict: Verdict): boolean {
  return verdict === 'clean' || verdict === 'padded' || verdict === 'torn' || verdict === 'degraded';
}

/**
 * Of a cleaning: damage that it met, whatever it has done; and what was to go and is still there is work that the disk
 * refused.
 */
export function exitOfCleaning(findings: readonly Finding[]): ExitCode {
  const isLeft = findings.some(({ code }) => code === 'E_LEFTOVER');
  return worstExit([exitOfVerdict(verdictOf(findings)), isLeft ? Exit.io : Exit.ok]);
}

const worstFirstExits: readonly ExitCode[] = [70, 3, 5, 74, 6, 7, 4, 2, 1, 0];

/** Of several things done by one command the worst counts; see docs/exit-codes.md. */
export function worstExit(exits: Iterable<ExitCode>): ExitCode {
  const given = new Set(exits);
  return worstFirstExits.find((exit) => given.has(exit)) ?? Exit.ok;
}

/** The mildest severity that fails; see docs/exit-codes.md. */
export type FailOn = 'note' | 'torn' | 'degraded' | 'corrupt';

/** Exit code under `--fail-on`. A newer format and damage that may hide a loss fail at every level. */
export function exitUnder(failOn: FailOn, verdict: Verdict, findings: readonly Finding[]): ExitCode {
  const exit = exitOfVerdict(verdict);
  if (failOn === 'note' && exit === Exit.ok) return findings.length > 0 ? Exit.failed : Exit.ok;
  const passes: readonly Verdict[] =
    failOn === 'degraded' ? ['torn'] : failOn === 'corrupt' ? ['torn', 'degraded'] : [];
  return passes.includes(verdict) ? Exit.ok : exit;
}

/** Findings from the worst down; those of one severity stay in the order in which they were found. */
export function worstFirst(findings: readonly Finding[]): Finding[] {
  const rank = (severity: Severity): number => severities.indexOf(severity);
  return [...findings].sort((a, b) => rank(b.severity) - rank(a.severity));
}

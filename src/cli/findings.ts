import { escapeText } from '../base/escape.ts';
import { describeFinding, type Finding } from '../base/finding.ts';
import type { LogReport, LostRange, Verdict } from '../storage/types.ts';
import type { Session } from './session.ts';
import type { Style } from './style.ts';
import { count, counted, wrap } from './text.ts';

/**
 * What, where, got and expected, and the code to look up, with the severity as a coloured word in front. One line in a
 * pipe, wrapped on a terminal of `width` columns.
 */
export function findingLine(finding: Finding, style: Style, width: number | undefined): string {
  const word = `${finding.severity}:`;
  const line = `${word} ${escapeText(describeFinding(finding))} [${finding.code}]`;
  const text = width === undefined ? line : wrap(line, width, '  ');
  return style.severity(finding.severity, word) + text.slice(word.length);
}

const faultsShown = 10;

/** Faults (notes aside) beside an answer that is something else: on stderr, a screen of them at most. */
export async function writeFaults(session: Session, findings: readonly Finding[]): Promise<void> {
  const { err, errStyle, errWidth } = session;
  const faults = findings.filter((finding) => finding.severity !== 'note');
  for (const finding of faults.slice(0, faultsShown)) await err.line(findingLine(finding, errStyle, errWidth));
  const more = faults.length - faultsShown;
  if (more > 0) await err.line(errStyle.dim(`… and ${counted(more, 'more finding')}`));
}

const words: Readonly<Record<Verdict, string>> = {
  clean: 'OK',
  padded: 'OK',
  torn: 'TORN',
  ambiguous: 'AMBIGUOUS',
  corrupt: 'CORRUPT',
  degraded: 'DEGRADED',
  'no base': 'NO BASE',
  newer: 'NEWER',
};

export function verdictWord(verdict: Verdict): string {
  return words[verdict];
}

const rangesShown = 4;

/** `seq 5133`, `seq 41..44, 50 and 7 more ranges`. */
function rangesText(ranges: readonly LostRange[]): string {
  const shown = ranges.slice(0, rangesShown).map((range) => {
    return range.seqFirst === range.seqLast ? String(range.seqFirst) : `${range.seqFirst}..${range.seqLast}`;
  });
  const more = ranges.length - shown.length;
  return `seq ${shown.join(', ')}${more > 0 ? ` and ${counted(more, 'more range')}` : ''}`;
}

/** `exactly 1 event (seq 5133)`, `at least 4 events (seq 41..44)`, `nothing`, `unknown`. */
function lossText(report: Pick<LogReport, 'lost' | 'lostUnknown'>): string {
  const total = report.lost.reduce((sum, range) => sum + range.seqLast - range.seqFirst + 1, 0);
  if (total === 0) return report.lostUnknown ? 'unknown; nothing says how far the log went' : 'nothing';
  const amount = `${count(total)} ${total === 1 ? 'event' : 'events'}`;
  return `${report.lostUnknown ? 'at least' : 'exactly'} ${amount} (${rangesText(report.lost)})`;
}

type Judged = Pick<LogReport, 'lost' | 'lostUnknown' | 'recordsAfterHole' | 'tail' | 'endProven'> & {
  findings?: readonly Finding[];
};

/** What the verdict means for the reader of the log, one clause. */
export function verdictClauses(verdict: Verdict, report: Judged | undefined): string[] {
  const clauses: string[] = [];
  if (report !== undefined && (report.lost.length > 0 || report.lostUnknown || verdict === 'corrupt')) {
    clauses.push(`lost: ${lossText(report)}`);
    const base = report.findings?.find(({ severity }) => severity === 'no-base');
    // Not counted there: it is missing as cleaning would have taken it, and only a snapshot would have known.
    if (typeof base?.seqLast === 'number' && verdict !== 'no base')
      clauses.push(`and all before seq ${base.seqLast + 1}: no good snapshot covers it`);
  }
  if (report !== undefined && report.recordsAfterHole > 0) {
    clauses.push(`after the hole: ${counted(report.recordsAfterHole, 'valid event')}`);
  }
  if (report?.tail !== undefined && (verdict === 'torn' || verdict === 'ambiguous')) {
    clauses.push(
      `${counted(report.tail.bytes, 'byte')} from offset ${report.tail.offset} of ${escapeText(report.tail.file)}`,
    );
  }
  if (verdict === 'torn') clauses.push(tornText(report));
  if (verdict === 'ambiguous') clauses.push('the last write may have been acknowledged, nothing proves it');
  if (verdict === 'no base') clauses.push('the log is not whole: no state can be computed from what is left');
  if (verdict === 'degraded') clauses.push('a snapshot is bad; nothing is lost');
  if (verdict === 'padded') clauses.push('zeros after the last frame, nothing else');
  if (report !== undefined && !report.endProven && clauses.length === 0)
    clauses.push('end unproven: nothing beside it says for sure where it ends');
  return clauses;
}

/** Only where something beside the log says where it ended can an end that is cut off twice be told from one. */
function tornText(report: Pick<LogReport, 'endProven'> | undefined): string {
  if (report?.endProven !== false) return 'nothing acknowledged is lost; safe to trim';
  return 'the last write is incomplete; if more than that is gone, nothing beside the log says so';
}

/** The same for a snapshot file by itself, or the snapshots of a store. */
export function snapshotClauses(verdict: Verdict): string[] {
  return verdict === 'corrupt' ? ['the snapshot cannot be used'] : verdictClauses(verdict, undefined);
}

/** `CORRUPT  lost: exactly 1 event (seq 5133)` and what else there is to say, aligned below it. */
export function verdictText(verdict: Verdict, clauses: readonly string[], style: Style): string {
  const word = verdictWord(verdict);
  const margin = ' '.repeat(word.length + 2);
  const [first = '', ...rest] = clauses;
  return [
    `${style.verdict(verdict, word)}${first === '' ? '' : `  ${first}`}`,
    ...rest.map((clause) => margin + clause),
  ]
    .map((line) => `${line}\n`)
    .join('');
}

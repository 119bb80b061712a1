import type { ExitCode } from '../../base/errors.ts';
import { usageError } from '../../base/errors.ts';
import { escapeText } from '../../base/escape.ts';
import { hasFlippedBit } from '../../commands/flipped-bit.ts';
import { stringify } from '../../commands/json-text.ts';
import { stepsFor } from '../../commands/next-steps.ts';
import { shownPath, splitPositionals } from '../../commands/target.ts';
import { exitUnder, type FailOn, worstFirst } from '../../commands/verdict.ts';
import { type VerifyResult, verifyPath } from '../../commands/verify.ts';
import type { ForeignLogSummary, ForeignSnapshotSummary } from '../../formats/types.ts';
import { findingLine, snapshotClauses, verdictClauses, verdictText } from '../findings.ts';
import { foreignClauses } from '../foreign-clauses.ts';
import type { Session } from '../session.ts';
import { countCell, renderTable } from '../table.ts';
import { bytes, count, counted } from '../text.ts';

export interface VerifyFlags {
  output: 'text' | 'table' | 'json' | 'ndjson';
  failOn: FailOn;
  deep?: boolean;
}

/** Findings listed in text; JSON has all. A verdict must stay on the screen. */
const findingsShown = 20;

export async function verify(session: Session, args: readonly string[], flags: VerifyFlags): Promise<ExitCode> {
  const { path, range } = await splitPositionals(session.context, args, 'path only');
  if (range !== undefined) throw usageError('E_USAGE', `verify checks a whole log; '${args.at(-1)}' is a range`);
  const result = await verifyPath(session.context, path, flags.deep === true);
  session.settle();
  const exit = exitUnder(flags.failOn, result.verdict, result.findings);
  if (session.json || flags.output === 'json') await session.document({ ...documentOf(result), exit });
  else if (flags.output === 'ndjson') await writeLines(session, result, exit);
  else await writeText(session, result, flags.output === 'table');
  return exit;
}

function documentOf(result: VerifyResult): Record<string, unknown> {
  const { target, verdict, findings, log, snapshots, foreign, export: text, deep } = result;
  const { findings: _, verdict: __, ...report } = log ?? { findings: [], verdict };
  return {
    target,
    verdict,
    findings,
    ...report,
    snapshots,
    deep,
    foreign: foreign && { ...foreign, findings: undefined },
    export: text,
  };
}

async function writeLines(session: Session, result: VerifyResult, exit: ExitCode): Promise<void> {
  for (const finding of result.findings) await session.out.line(stringify(finding));
  await session.out.line(
    stringify({ walq: 1, kind: session.kind, ...documentOf(result), findings: result.findings.length, exit }),
  );
}

async function writeText(session: Session, result: VerifyResult, asTable: boolean): Promise<void> {
  const { out, style } = session;
  for (const line of summaryLines(result)) await out.line(style.dim(line));
  if (asTable && result.log !== undefined && result.export === undefined)
    await out.write(`\n${segmentTable(session, result)}`);
  if (result.deep !== undefined) await out.line(style.dim(deepLine(result.deep)));
  await writeFindings(session, result);
  await out.write(verdictText(result.verdict, clausesOf(result), style));
  const { target, findings, log } = result;
  const isStore = target.kind === 'store';
  const oneBit = isStore ? await hasFlippedBit(session.context.env, target.path, findings) : undefined;
  const [next] = stepsFor({ ...result, oneBit, seqLast: log?.seqLast, strays: log?.strays });
  if (next !== undefined) await out.line(`${style.dim('next:')} ${style.command(escapeText(next.command))}`);
}

async function writeFindings(session: Session, result: VerifyResult): Promise<void> {
  const { out, style } = session;
  if (result.findings.length === 0) return;
  const sorted = worstFirst(result.findings);
  for (const finding of sorted.slice(0, findingsShown)) await out.line(findingLine(finding, style, session.width));
  const more = sorted.length - findingsShown;
  if (more > 0) await out.line(style.dim(`… and ${counted(more, 'more finding')}; --json lists all`));
}

function summaryLines(result: VerifyResult): string[] {
  const { target, log, snapshots, foreign } = result;
  const what = escapeText(shownPath(target.path));
  if (foreign !== undefined) return [`${what}: ${foreignSummary(foreign)}`];
  if (log === undefined) return [`${what}: ${snapshotSummary(result)}`];
  const seqs = log.seqFirst === undefined ? '' : ` (seq ${log.seqFirst}..${log.seqLast})`;
  const parts =
    result.export === undefined
      ? [
          counted(log.segments.length, 'segment'),
          `${counted(log.records, 'event')}${seqs}`,
          counted(log.frames, 'frame'),
        ]
      : [
          `export of the store ${log.storeId?.slice(0, 12) ?? '?'}`,
          `${counted(log.records, 'event')}${seqs}`,
          ...baseOf(result.export),
        ];
  parts.push(bytes(log.bytes));
  if (snapshots !== undefined) parts.push(counted(snapshots.length, 'snapshot'));
  return [`${what}: ${parts.join(', ')}`];
}

function baseOf({ header }: NonNullable<VerifyResult['export']>): string[] {
  return header?.base === undefined ? [] : [`the state at seq ${header.base.seq}`];
}

function deepLine({ applied, leftOut, stateless, proved }: NonNullable<VerifyResult['deep']>): string {
  const of =
    proved.length === 0
      ? 'no snapshot to compare'
      : `the state of ${counted(proved.length, 'snapshot')} is what the log gives`;
  const but = stateless === 0 ? '' : ` (${count(stateless)} could not be: nothing gives the state before them)`;
  const odd = leftOut === 0 ? '' : `, ${count(leftOut)} of them imported ones that did not fit and changed nothing`;
  return `deep: ${counted(applied, 'event')} replayed by the rules of the queue${odd}${but}, ${of}`;
}

function snapshotSummary(result: VerifyResult): string {
  const summary = result.snapshots?.[0]?.summary;
  if (summary === undefined) return 'snapshot';
  const size = `${counted(summary.entries, 'entry', 'entries')}, ${bytes(summary.bytes)}`;
  return `${summary.kind} snapshot at seq ${summary.seq}, ${size}`;
}

function foreignSummary(foreign: ForeignLogSummary | ForeignSnapshotSummary): string {
  if ('jobs' in foreign) {
    const seq = foreign.lastSeq === undefined ? '' : `, last seq ${foreign.lastSeq}`;
    return `${foreign.format}, ${counted(foreign.jobs, 'job')}${seq}, ${bytes(foreign.bytes)}`;
  }
  const seqs = foreign.seqFirst === undefined ? '' : ` (seq ${foreign.seqFirst}..${foreign.seqLast})`;
  return `${foreign.format}, ${counted(foreign.records, 'event')}${seqs}, ${bytes(foreign.bytes)}`;
}

function clausesOf(result: VerifyResult): string[] {
  const { foreign, verdict, log } = result;
  if (foreign === undefined) return log === undefined ? snapshotClauses(verdict) : verdictClauses(verdict, log);
  if ('jobs' in foreign) return [];
  return foreignClauses(foreign, verdict);
}

function segmentTable(session: Session, result: VerifyResult): string {
  const columns = [
    { title: 'SEGMENT', flexible: true, cutInside: true },
    { title: 'BYTES', align: 'right' as const },
    { title: 'FRAMES', align: 'right' as const },
    { title: 'EVENTS', align: 'right' as const },
    { title: 'FIRST', align: 'right' as const },
    { title: 'LAST', align: 'right' as const },
    { title: 'STATE' },
  ];
  const rows = (result.log?.segments ?? []).map((segment) => [
    escapeText(segment.file),
    countCell(segment.size, session),
    countCell(segment.frames, session),
    countCell(segment.records, session),
    String(segment.seqFirst ?? '-'),
    String(segment.seqLast ?? '-'),
    segment.sealed ? 'sealed' : 'open',
  ]);
  return `${renderTable(columns, rows, { width: session.width, style: session.style })}\n`;
}

import type { ExitCode } from '../../base/errors.ts';
import { escapeText } from '../../base/escape.ts';
import { verifySnapshots } from '../../commands/snapshots.ts';
import { pathOrStore } from '../../commands/store-path.ts';
import { exitOfVerdict } from '../../commands/verdict.ts';
import type { VerifyResult } from '../../commands/verify.ts';
import type { ForeignSnapshotSummary } from '../../formats/types.ts';
import { findingLine, snapshotClauses, verdictText } from '../findings.ts';
import type { Session } from '../session.ts';
import { bytes, counted } from '../text.ts';

export async function verify(session: Session, args: readonly string[]): Promise<ExitCode> {
  const result = await verifySnapshots(session.context, pathOrStore(session.context, args[0]));
  session.settle();
  const exit = exitOfVerdict(result.verdict);
  if (session.json) {
    const { target, verdict, findings, snapshots, foreign } = result;
    await session.document({
      target,
      verdict,
      findings,
      snapshots,
      foreign: foreign && { ...foreign, findings: undefined },
      exit,
    });
    return exit;
  }
  const { out, style } = session;
  for (const line of linesOf(result)) await out.line(escapeText(line));
  for (const finding of result.findings) await out.line(findingLine(finding, style, session.width));
  await out.write(verdictText(result.verdict, snapshotClauses(result.verdict), style));
  return exit;
}

function linesOf(result: VerifyResult): string[] {
  const foreign = result.foreign;
  if (foreign !== undefined && 'jobs' in foreign) return [foreignLine(foreign)];
  return (result.snapshots ?? []).map(({ file, summary }) => {
    if (summary === undefined) return `${file}: BAD`;
    const { seq, kind, entries, stateHash, sha256 } = summary;
    const size = `${counted(entries, 'entry', 'entries')}, ${bytes(summary.bytes)}`;
    const hashes = `state ${stateHash.slice(0, 12)}, sha256 ${sha256.slice(0, 12)}`;
    return `${file}: ok, ${kind} at seq ${seq}, ${size}, ${hashes}`;
  });
}

function foreignLine(foreign: ForeignSnapshotSummary): string {
  const states = Object.entries(foreign.byStatus).filter(([, jobs]) => jobs > 0);
  const counts = states.map(([status, jobs]) => `${jobs} ${status}`).join(', ');
  const seq = foreign.lastSeq === undefined ? '' : `, last seq ${foreign.lastSeq}`;
  const jobs = `${counted(foreign.jobs, 'job')}${counts === '' ? '' : ` (${counts})`}`;
  return `${foreign.file}: ${foreign.format}, ${jobs}${seq}`;
}

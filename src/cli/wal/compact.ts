import type { ExitCode } from '../../base/errors.ts';
import { escapeText } from '../../base/escape.ts';
import type { Finding } from '../../base/finding.ts';
import { compact as compactLog, planCompaction } from '../../commands/compact.ts';
import { openStoreTarget } from '../../commands/store-target.ts';
import { exitOfCleaning } from '../../commands/verdict.ts';
import { findingLine, writeFaults } from '../findings.ts';
import type { Session } from '../session.ts';
import { bytes, counted } from '../text.ts';

export interface CompactFlags {
  keep: number;
  dryRun?: boolean;
  lockTimeout: number;
}

export async function compact(session: Session, args: readonly string[], flags: CompactFlags): Promise<ExitCode> {
  const store = await openStoreTarget(session.context, args);
  const request = { store, keep: flags.keep };
  const findings =
    flags.dryRun === true ? await dryRun(session, request) : await carryOut(session, request, flags.lockTimeout);
  if (!session.json) {
    await writeFaults(session, findings);
    await writeLeft(session, findings);
  }
  return exitOfCleaning(findings);
}

/** What was to go and could not: that it is still there is why the command fails. */
async function writeLeft({ err, errStyle, errWidth }: Session, findings: readonly Finding[]): Promise<void> {
  for (const finding of findings) {
    if (finding.code === 'E_LEFTOVER') await err.line(findingLine(finding, errStyle, errWidth));
  }
}

async function dryRun(session: Session, request: { store: string; keep: number }): Promise<Finding[]> {
  const { out, style } = session;
  const plan = await planCompaction(session.context, request);
  const { findings } = plan;
  session.settle();
  if (session.json) {
    await session.document({ ...request, dryRun: true, ...plan, exit: exitOfCleaning(findings) });
    return findings;
  }
  await out.line(style.strong(`plan for ${escapeText(request.store)}, --keep ${request.keep}; nothing was changed`));
  await out.line('would write a snapshot of the state now, and check that it gives the same state');
  for (const segment of plan.segments)
    await out.line(`would remove ${escapeText(segment.file)} (${bytes(segment.bytes)})`);
  for (const file of plan.snapshots) await out.line(`would remove ${escapeText(file)}`);
  if (plan.segments.length + plan.snapshots.length === 0) await out.line('would remove nothing');
  for (const reason of plan.reasons) await out.line(style.dim(`kept: ${reason}`));
  return findings;
}

async function carryOut(
  session: Session,
  request: { store: string; keep: number },
  lockTimeoutMs: number,
): Promise<Finding[]> {
  const { out, style } = session;
  const result = await compactLog(session.context, request, { lockTimeoutMs, pid: process.pid });
  const { findings } = result;
  session.settle();
  if (session.json) {
    await session.document({ ...request, dryRun: false, ...result, exit: exitOfCleaning(findings) });
    return findings;
  }
  const { snapshot, removedSegments, removedSnapshots, reasons, bytesBefore, bytesAfter } = result;
  await out.line(
    `snapshot ${escapeText(snapshot.file)} covers seq 1..${snapshot.seq} (${counted(snapshot.entries, 'entry', 'entries')}, ${bytes(snapshot.bytes)})`,
  );
  await out.line(`state before = state after: ${style.good(result.stateHash.slice(0, 16))}`);
  for (const file of [...removedSegments, ...removedSnapshots]) await out.line(`removed ${escapeText(file)}`);
  for (const reason of reasons) await out.line(style.dim(`kept: ${escapeText(reason)}`));
  await out.line(`${bytes(bytesBefore)} before, ${bytes(bytesAfter)} after`);
  return findings;
}

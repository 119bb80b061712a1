import { Exit, type ExitCode } from '../../base/errors.ts';
import { escapeText } from '../../base/escape.ts';
import { pruneSnapshots } from '../../commands/snapshot-write.ts';
import { openStoreTarget } from '../../commands/store-target.ts';
import { exitOfCleaning } from '../../commands/verdict.ts';
import { findingLine } from '../findings.ts';
import type { Session } from '../session.ts';

export interface PruneFlags {
  keep: number;
  dryRun?: boolean;
  lockTimeout: number;
}

export async function prune(session: Session, args: readonly string[], flags: PruneFlags): Promise<ExitCode> {
  const store = await openStoreTarget(session.context, args);
  const dryRun = flags.dryRun === true;
  const { kept, removeSnapshots, reasons, findings } = await pruneSnapshots(
    session.context,
    { store, keep: flags.keep, dryRun },
    { lockTimeoutMs: flags.lockTimeout, pid: process.pid },
  );
  session.settle();
  const exit = exitOfCleaning(findings);
  if (session.json) {
    await session.document({ store, dryRun, kept, removed: removeSnapshots, findings, exit });
    return exit;
  }
  const { out, style } = session;
  for (const { file } of kept) await out.line(`${dryRun ? 'would keep' : 'kept'} ${escapeText(file)}`);
  for (const file of removeSnapshots) await out.line(`${dryRun ? 'would remove' : 'removed'} ${escapeText(file)}`);
  if (removeSnapshots.length === 0 && exit !== Exit.io)
    await out.line(style.dim(kept.length < flags.keep ? (reasons[0] ?? '') : 'nothing to remove'));
  for (const finding of findings) await session.err.line(findingLine(finding, session.errStyle, session.errWidth));
  return exit;
}

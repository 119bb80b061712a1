import type { ExitCode } from '../../base/errors.ts';
import { diffSnapshots } from '../../commands/diff/snapshots.ts';
import { type DiffFlags, selectionOf, writeDifference } from '../diff/write.ts';
import type { Session } from '../session.ts';

export async function diff(session: Session, args: readonly string[], flags: DiffFlags): Promise<ExitCode> {
  const selection = selectionOf(session, flags);
  return await writeDifference(session, await diffSnapshots(session.context, args), selection, flags);
}

import type { ExitCode } from '../../base/errors.ts';
import { diffArguments } from '../../commands/diff/arguments.ts';
import { diffLogs } from '../../commands/diff/diff.ts';
import { type DiffFlags, selectionOf, writeDifference } from '../diff/write.ts';
import type { Session } from '../session.ts';

export async function diff(
  session: Session,
  args: readonly string[],
  flags: DiffFlags & { with?: string },
): Promise<ExitCode> {
  // A wrong flag is told before a long log is read.
  const selection = selectionOf(session, flags);
  const asked = await diffArguments(session.context, args, flags.with);
  return await writeDifference(session, await diffLogs(session.context, asked), selection, flags);
}

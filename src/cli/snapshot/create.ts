import { Exit, type ExitCode } from '../../base/errors.ts';
import { escapeText } from '../../base/escape.ts';
import { createSnapshot } from '../../commands/snapshot-write.ts';
import { openStoreTarget } from '../../commands/store-target.ts';
import type { Session } from '../session.ts';
import { bytes, counted } from '../text.ts';

export async function create(
  session: Session,
  args: readonly string[],
  flags: { lockTimeout: number },
): Promise<ExitCode> {
  const store = await openStoreTarget(session.context, args);
  const { snapshot, unchanged, ms } = await createSnapshot(session.context, store, {
    lockTimeoutMs: flags.lockTimeout,
    pid: process.pid,
  });
  session.settle();
  if (session.json) {
    await session.document({ store, snapshot, unchanged, ms, exit: Exit.ok });
    return Exit.ok;
  }
  const { file, seq, entries, stateHash } = snapshot;
  const what = `seq ${seq}, ${counted(entries, 'entry', 'entries')}, ${bytes(snapshot.bytes)}, state ${stateHash.slice(0, 12)}`;
  await session.out.line(
    escapeText(unchanged ? `${file} covers the state already (${what})` : `wrote ${file} (${what})`),
  );
  return Exit.ok;
}

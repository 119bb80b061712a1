import { Exit, type ExitCode, usageError } from '../../base/errors.ts';
import { escapeText } from '../../base/escape.ts';
import { shellPath } from '../../base/shell-word.ts';
import { goBack, type NamedSnapshot, restoreSnapshot, withSnapshot } from '../../commands/snapshot-restore.ts';
import { pathOrStore } from '../../commands/store-path.ts';
import { openStoreTarget } from '../../commands/store-target.ts';
import { answerGoneBack, answerUndone } from '../gone-back.ts';
import type { Session } from '../session.ts';
import { counted } from '../text.ts';

export interface RestoreFlags {
  to?: string;
  apply?: boolean;
  undo?: boolean;
}

export async function restore(session: Session, args: readonly string[], flags: RestoreFlags): Promise<ExitCode> {
  const { to, apply = false, undo: takesBack = false } = flags;
  if ([to !== undefined, apply, takesBack].filter(Boolean).length > 1) {
    throw usageError('E_USAGE', 'only one of --to, --apply and --undo can be meant');
  }
  if (takesBack) return await answerUndone(session, await openStoreTarget(session.context, args));
  const [first, ...choice] = args;
  const named = [pathOrStore(session.context, first), ...choice];
  return await withSnapshot(session.context, named, async (snapshot) => {
    if (to !== undefined) return await intoNew(session, snapshot, to);
    if (snapshot.store === undefined) {
      throw usageError('E_USAGE', `${snapshot.path} is a file: name the new store that it becomes with --to`, {
        next: `walq snapshot restore ${shellPath(snapshot.path)} --to NEWSTORE`,
      });
    }
    return await inPlace(session, { ...snapshot, store: snapshot.store }, apply);
  });
}

async function intoNew(session: Session, snapshot: NamedSnapshot, dir: string): Promise<ExitCode> {
  const result = await restoreSnapshot(session.context, snapshot, dir);
  session.settle();
  if (session.json) {
    await session.document({ store: dir, ...result, exit: Exit.ok });
    return Exit.ok;
  }
  const { out, style } = session;
  const { storeId, seq, stateHash, from } = result;
  await out.line(
    `store ${escapeText(dir)} (id ${storeId}): begins after seq ${seq}, on ${escapeText(snapshot.path)} (${counted(from.entries, 'entry', 'entries')})`,
  );
  await out.line(`verified; state ${style.good(stateHash.slice(0, 12))}, the same as in the snapshot`);
  return Exit.ok;
}

async function inPlace(
  session: Session,
  { store, relativeName }: NamedSnapshot & { store: string },
  apply: boolean,
): Promise<ExitCode> {
  const result = await goBack(session.context, store, { snapshot: relativeName }, apply);
  session.settle();
  const { plan } = result;
  const next = `walq snapshot restore ${shellPath(store)} ${plan.seq} --apply`;
  return await answerGoneBack(session, store, result, next);
}

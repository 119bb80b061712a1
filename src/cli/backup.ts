import { type ExitCode, usageError } from '../base/errors.ts';
import { escapeText } from '../base/escape.ts';
import { shellPath } from '../base/shell-word.ts';
import { backup as makeBackup } from '../commands/backup.ts';
import { openStoreTarget } from '../commands/store-target.ts';
import { exitOfVerdict } from '../commands/verdict.ts';
import { storeFileName } from '../storage/store-file.ts';
import { verdictText, writeFaults } from './findings.ts';
import type { Session } from './session.ts';
import { bytes, counted } from './text.ts';

export async function backup(session: Session, args: readonly string[]): Promise<ExitCode> {
  const [first, dir = first] = args;
  if (dir === undefined || args.length > 2) {
    throw usageError('E_USAGE', 'a backup needs the store and a new folder', { next: 'walq backup STORE DIR' });
  }
  if (args.length === 1 && (await session.context.env.fs.stat(`${dir}/${storeFileName}`)) !== undefined) {
    throw usageError('E_USAGE', `${dir} is a store: name the new folder too`, {
      next: `walq backup ${shellPath(dir)} DIR`,
    });
  }
  const store = await openStoreTarget(session.context, args.slice(0, -1));
  const result = await makeBackup(session.context, store, dir);
  session.settle();
  const exit = exitOfVerdict(result.verdict);
  if (session.json) {
    await session.document({ store, dir, ...result, exit });
    return exit;
  }
  const { out, err, style, errStyle } = session;
  const { seqLast, segments, snapshots, stateHash, storeId } = result;
  const what = [`seq ${seqLast}`, counted(segments, 'segment'), counted(snapshots, 'snapshot'), bytes(result.bytes)];
  await out.line(`${escapeText(store)} copied to ${escapeText(dir)}: ${what.join(', ')}`);
  await out.line(`verified; state ${style.good(stateHash.slice(0, 12))}, store id ${storeId}`);
  await out.flush();
  if (exit !== 0) {
    await writeFaults(session, result.findings);
    await err.write(verdictText(result.verdict, ['of the store; the copy is whole and leaves this out'], errStyle));
  }
  return exit;
}

import { Exit, type ExitCode, usageError } from '../../base/errors.ts';
import { escapeText } from '../../base/escape.ts';
import { shellWord } from '../../base/shell-word.ts';
import { undoLastRepair } from '../../commands/repair.ts';
import {
  type GoBackResult,
  goBack,
  type NamedSnapshot,
  nameSnapshot,
  restoreSnapshot,
} from '../../commands/snapshot-restore.ts';
import { openStoreTarget } from '../../commands/store-target.ts';
import { exitOfVerdict } from '../../commands/verdict.ts';
import { verdictClauses, verdictText, writeFaults } from '../findings.ts';
import { doneText, planText, undoneText } from '../repair-text.ts';
import type { Session } from '../session.ts';
import { counted, wrap } from '../text.ts';

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
  if (takesBack) return await undo(session, await openStoreTarget(session.context, args));
  const snapshot = await nameSnapshot(session.context, args);
  if (to !== undefined) return await intoNew(session, snapshot, to);
  if (snapshot.store === undefined) {
    throw usageError('E_USAGE', `${snapshot.path} is a file: name the new store that it becomes with --to`, {
      next: `walq snapshot restore ${shellWord(snapshot.path)} --to NEWSTORE`,
    });
  }
  return await inPlace(session, { ...snapshot, store: snapshot.store }, apply);
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
  const result = await goBack(session.context, store, relativeName, apply);
  session.settle();
  const { plan, applied } = result;
  const waits = applied === undefined && plan.actions.length > 0;
  const exit = waits ? Exit.refused : exitOfVerdict(result.verdict);
  const next = waits ? `walq snapshot restore ${shellWord(store)} ${plan.snapshot.seq} --apply` : undefined;
  if (session.json) {
    await session.document({ store, ...result, changed: applied !== undefined, next, exit });
    return exit;
  }
  await writeInPlace(session, store, result);
  if (next !== undefined)
    await session.out.line(`${session.style.dim('next:')} ${session.style.command(escapeText(next))}`);
  return exit;
}

async function writeInPlace(session: Session, store: string, result: GoBackResult): Promise<void> {
  const { out, style, width } = session;
  const { plan, applied, verdict } = result;
  const { snapshot, seqLast, actions } = plan;
  await writeFaults(session, plan.leaves);
  if (actions.length === 0) {
    await out.write(
      verdictText(verdict, [`the store is at seq ${snapshot.seq}: nothing came after ${snapshot.file}`], style),
    );
    return;
  }
  const goes =
    seqLast > snapshot.seq
      ? `${counted(seqLast - snapshot.seq, 'event')} (${seqsText(snapshot.seq + 1, seqLast)})`
      : 'no event';
  if (applied === undefined) {
    await out.line(
      style.strong(`plan for ${escapeText(store)}: back to seq ${snapshot.seq}, ${goes} dropped; nothing was changed`),
    );
    for (const [at, action] of actions.entries()) {
      const step = `${at + 1}. ${escapeText(planText(action))}`;
      const lines = width === undefined ? step : wrap(step, width - 2, '   ');
      await out.line(`  ${lines.replaceAll('\n', '\n  ')}`);
    }
    return;
  }
  for (const action of applied.actions) await out.line(escapeText(doneText(action)));
  await out.line(`back at seq ${snapshot.seq}; ${goes} dropped`);
  await out.write(verdictText(verdict, verdictClauses(verdict, undefined), style));
  await out.line(style.dim(`to take it back: walq snapshot restore ${escapeText(shellWord(store))} --undo`));
}

function seqsText(first: number, last: number): string {
  return first === last ? `seq ${first}` : `seq ${first}..${last}`;
}

async function undo(session: Session, store: string): Promise<ExitCode> {
  const result = await undoLastRepair(session.context, store);
  session.settle();
  if (session.json) {
    await session.document({ store, ...result, exit: Exit.ok });
    return Exit.ok;
  }
  const { out, style } = session;
  for (const action of result.undone.actions) await out.line(escapeText(undoneText(action)));
  await out.write(verdictText(result.verdict, ['as before'], style));
  return Exit.ok;
}

import { Exit, type ExitCode } from '../base/errors.ts';
import { escapeText } from '../base/escape.ts';
import { shellPath } from '../base/shell-word.ts';
import { undoLastRepair } from '../commands/repair.ts';
import type { GoBackResult } from '../commands/snapshot-restore.ts';
import { exitOfVerdict } from '../commands/verdict.ts';
import { verdictClauses, verdictText, writeFaults } from './findings.ts';
import { doneText, planText, undoneText } from './repair-text.ts';
import type { Session } from './session.ts';
import { counted, wrap } from './text.ts';

/** A store that goes back in place, to a snapshot or a seq. `next` carries the plan out; a plan is a refusal (7). */
export async function answerGoneBack(
  session: Session,
  store: string,
  result: GoBackResult,
  next: string,
): Promise<ExitCode> {
  const { plan, applied } = result;
  const waits = applied === undefined && plan.actions.length > 0;
  const exit = waits ? Exit.refused : exitOfVerdict(result.verdict);
  if (session.json) {
    await session.document({ store, ...result, changed: applied !== undefined, ...(waits && { next }), exit });
    return exit;
  }
  await writeInPlace(session, store, result);
  if (waits) await session.out.line(`${session.style.dim('next:')} ${session.style.command(escapeText(next))}`);
  return exit;
}

async function writeInPlace(session: Session, store: string, result: GoBackResult): Promise<void> {
  const { out, style, width } = session;
  const { plan, applied, verdict } = result;
  const { seq, seqLast, actions } = plan;
  await writeFaults(session, plan.leaves);
  if (actions.length === 0) {
    await out.write(
      verdictText(verdict, [`the store is at seq ${seq}: nothing came after ${plan.snapshot?.file ?? 'it'}`], style),
    );
    return;
  }
  const goes = seqLast > seq ? `${counted(seqLast - seq, 'event')} (${seqsText(seq + 1, seqLast)})` : 'no event';
  if (applied === undefined) {
    await out.line(
      style.strong(`plan for ${escapeText(store)}: back to seq ${seq}, ${goes} dropped; nothing was changed`),
    );
    for (const [at, action] of actions.entries()) {
      const step = `${at + 1}. ${escapeText(planText(action))}`;
      const lines = width === undefined ? step : wrap(step, width - 2, '   ');
      await out.line(`  ${lines.replaceAll('\n', '\n  ')}`);
    }
    return;
  }
  for (const action of applied.actions) await out.line(escapeText(doneText(action)));
  await out.line(`back at seq ${seq}; ${goes} dropped`);
  await out.write(verdictText(verdict, verdictClauses(verdict, undefined), style));
  await out.line(style.dim(`to take it back: walq wal repair ${escapeText(shellPath(store))} --undo`));
}

function seqsText(first: number, last: number): string {
  return first === last ? `seq ${first}` : `seq ${first}..${last}`;
}

/** Takes the last repair or restore back. The store is as it was, faults included: that is what was asked for. */
export async function answerUndone(session: Session, store: string): Promise<ExitCode> {
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

import { Exit, type ExitCode, usageError } from '../../base/errors.ts';
import { escapeText } from '../../base/escape.ts';
import { shellPath } from '../../base/shell-word.ts';
import { type RepairResult, repairStore } from '../../commands/repair.ts';
import { cutStore } from '../../commands/salvage.ts';
import { parseSelector } from '../../commands/selector.ts';
import { openStoreTarget } from '../../commands/store-target.ts';
import { exitOfVerdict } from '../../commands/verdict.ts';
import type { RepairMode } from '../../storage/repair.ts';
import { findingLine, verdictClauses, verdictText, verdictWord } from '../findings.ts';
import { answerGoneBack, answerUndone } from '../gone-back.ts';
import { candidateText, doneText, planText } from '../repair-text.ts';
import type { Session } from '../session.ts';
import { wrap } from '../text.ts';
import { planFlag, salvage } from './salvage.ts';

export interface RepairFlags {
  mode: RepairMode | 'salvage' | 'cut';
  to?: string;
  at?: string;
  apply?: boolean;
  yes?: boolean;
  undo?: boolean;
  plan?: string;
}

export async function repair(session: Session, args: readonly string[], flags: RepairFlags): Promise<ExitCode> {
  if (flags.undo === true && flags.apply === true) {
    throw usageError('E_USAGE', '--undo takes a repair back; it cannot be used with --apply');
  }
  const store = await openStoreTarget(session.context, args);
  if (flags.undo === true) return await answerUndone(session, store);
  const { mode, to, apply = false, yes = false, plan: planFile } = flags;
  if (flags.at !== undefined && mode !== 'cut') throw usageError('E_USAGE', '--at is for --mode cut');
  if (mode === 'salvage' || mode === 'cut') {
    if (mode === 'salvage') {
      if (to === undefined) throw usageError('E_USAGE', 'salvage makes a new store: name its folder with --to DIR');
      return await salvage(session, { store, to, apply, planFile });
    }
    if (flags.at === undefined) throw usageError('E_USAGE', '--mode cut needs --at POINT, the last event to keep');
    const at = parseSelector(flags.at, '--at');
    if (to !== undefined) return await salvage(session, { store, to, apply, at, planFile }, flags.at);
    const result = await cutStore(session.context, store, at, apply, planFile);
    session.settle();
    const next = `walq wal repair ${shellPath(store)} --mode cut --at ${result.plan.seq} --apply${planFlag(planFile)}`;
    return await answerGoneBack(session, store, result, next);
  }
  if (to !== undefined) throw usageError('E_USAGE', `--to is for salvage and cut; ${mode} works in place`);
  const result = await repairStore(session.context, { store, mode, apply, yes, planFile });
  session.settle();
  const exit = exitOf(result);
  const next = nextCommand(result, store, planFile);
  if (session.json) {
    await session.document({ store, ...result, changed: result.applied !== undefined, next, exit });
    return exit;
  }
  await writeResult(session, result, store);
  if (next !== undefined)
    await session.out.line(`${session.style.dim('next:')} ${session.style.command(escapeText(next))}`);
  return exit;
}

/** A plan that waits for --apply is a refusal (7): nothing was changed, and the store is as bad as before. */
function exitOf(result: RepairResult): ExitCode {
  if (result.plan.leaves.length > 0) return exitOfVerdict(result.verdict) || Exit.damage;
  if (result.applied !== undefined) return exitOfVerdict(result.verdict);
  return result.plan.actions.length > 0 ? Exit.refused : exitOfVerdict(result.verdict);
}

function nextCommand(result: RepairResult, store: string, planFile: string | undefined): string | undefined {
  if (result.applied !== undefined) return undefined;
  if (result.plan.actions.length > 0) {
    const { mode, needsYes } = result.plan;
    return `walq wal repair ${shellPath(store)} --mode ${mode} --apply${needsYes ? ' --yes' : ''}${planFlag(planFile)}`;
  }
  return result.next;
}

async function writeResult(session: Session, result: RepairResult, store: string): Promise<void> {
  const { out, style } = session;
  const { plan, applied } = result;
  if (plan.actions.length === 0 && plan.leaves.length === 0) {
    const whole = exitOfVerdict(result.verdict) === Exit.ok;
    await out.write(
      verdictText(result.verdict, [whole ? 'nothing to repair' : `nothing that ${plan.mode} can mend`], style),
    );
    return;
  }
  for (const finding of [...plan.mends, ...plan.leaves]) await out.line(findingLine(finding, style, session.width));
  for (const place of plan.refused)
    await out.line(`not healed: ${escapeText(place.file)} at offset ${place.offset}: ${place.why}`);
  for (const candidate of plan.candidates) await out.line(escapeText(candidateText(candidate)));
  if (plan.leaves.length > 0)
    await out.line(
      `${plan.mode} does not mend ${plan.leaves.length === 1 ? 'this' : 'these'}: ${plan.leaves.map((finding) => finding.code).join(', ')}`,
    );
  if (plan.actions.length === 0) {
    await out.write(verdictText(result.verdict, ['nothing was changed'], style));
    return;
  }
  if (applied === undefined) {
    await out.line(style.strong(`plan for ${escapeText(store)} (${verdictWord(plan.verdict)}); nothing was changed`));
    for (const [at, action] of plan.actions.entries()) {
      const step = `${at + 1}. ${escapeText(planText(action))}`;
      const lines = session.width === undefined ? step : wrap(step, session.width - 2, '   ');
      await out.line(`  ${lines.replaceAll('\n', '\n  ')}`);
    }
    if (plan.needsYes)
      await out.line('     the last write may have been acknowledged; this drops it, so it needs --yes');
    return;
  }
  for (const action of applied.actions) await out.line(escapeText(doneText(action)));
  await out.write(verdictText(result.verdict, verdictClauses(result.verdict, undefined), style));
  await out.line(style.dim(`to take it back: walq wal repair ${escapeText(shellPath(store))} --undo`));
}

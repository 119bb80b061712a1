import { verifyStore } from '../storage/read.ts';
import { applyRepair, planRepair, type RepairMode, type RepairPlan } from '../storage/repair.ts';
import type { RepairJournal } from '../storage/repair-journal.ts';
import { undoRepair } from '../storage/repair-undo.ts';
import type { Verdict } from '../storage/types.ts';
import type { CommandContext } from './context.ts';
import { stepsFor } from './next-steps.ts';
import { bindPlan, planFileOf } from './plan-file.ts';
import { isEvent } from './salvage.ts';

export interface RepairRequest {
  store: string;
  mode: RepairMode;
  apply: boolean;
  /** Also drop a last write that may have been acknowledged. */
  yes: boolean;
  /** Where the plan is kept, or was. */
  planFile?: string | undefined;
}

export interface RepairResult {
  plan: RepairPlan;
  /** Absent in a dry run, and when there was nothing to do. */
  applied?: RepairJournal;
  /** Of the store as it is now. */
  verdict: Verdict;
  /** What else can be done where this mode has nothing to do. */
  next?: string | undefined;
}

/**
 * Plans a repair and, with `apply`, carries it out. Throws E_LOCKED (6), E_PLAN_STALE and E_NEEDS_YES (7), E_IO (74),
 * and what reading a store throws.
 */
export async function repairStore(context: CommandContext, request: RepairRequest): Promise<RepairResult> {
  const { env } = context;
  const how = { mode: request.mode, readable: isEvent };
  const plan = await planRepair(env, request.store, how);
  const { mode, actions } = plan;
  await bindPlan(context, planFileOf(request), { mode, actions });
  if (plan.actions.length === 0) return { plan, verdict: plan.verdict, next: await otherWay(context, request) };
  if (!request.apply) return { plan, verdict: plan.verdict };
  const applied = await applyRepair(env, plan, how, { yes: request.yes });
  return { plan, applied, verdict: (await verifyStore(env, request.store)).verdict };
}

/** The step that `wal verify` names, but for what this mode has just looked for in vain. */
async function otherWay({ env }: CommandContext, { store, mode }: RepairRequest): Promise<string | undefined> {
  const report = await verifyStore(env, store);
  const oneBit = mode === 'heal' ? false : undefined;
  return stepsFor({ ...report, target: { kind: 'store', path: store }, oneBit })[0]?.command;
}

export interface UndoResult {
  undone: RepairJournal;
  verdict: Verdict;
}

/** Takes back the last repair. Throws E_NOTHING_TO_UNDO (1), E_REPAIR_JOURNAL, E_EVIDENCE (3), E_LOCKED (6), E_PLAN_STALE (7). */
export async function undoLastRepair(context: CommandContext, store: string): Promise<UndoResult> {
  const undone = await undoRepair(context.env, store);
  return { undone, verdict: (await verifyStore(context.env, store)).verdict };
}

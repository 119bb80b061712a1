import type { StatusReport } from '../../queue/run/status.ts';
import { compileWhere, type Seen, type Where } from '../where/compile.ts';
import { type StatusView, statusFields } from '../where/total-fields.ts';

/** What a script or a monitor asks a queue about: an expression over its totals (docs/expressions.md). */
export type Check = Where<StatusView>;

export interface CheckResult {
  /** As it was asked. */
  check: string;
  ok: boolean;
  /** What the queue has of all that the check looks at. */
  found: Seen[];
}

/** Throws E_WHERE (2). `nowMs` is for "5m ago". */
export function parseCheck(text: string, nowMs: number): Check {
  return compileWhere(statusFields, { flag: '--check', text }, nowMs);
}

export function runCheck({ text, holds, look }: Check, status: StatusReport, now: number): CheckResult {
  const view = { ...status, now };
  return { check: text, ok: holds(view), found: look(view) };
}

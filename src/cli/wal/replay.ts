import { type ExitCode, usageError } from '../../base/errors.ts';
import { escapeText } from '../../base/escape.ts';
import { shellWord } from '../../base/shell-word.ts';
import type { CommandContext } from '../../commands/context.ts';
import { rowOfJob } from '../../commands/job-row.ts';
import { replayPath, saveState } from '../../commands/replay.ts';
import type { ReplayResult } from '../../commands/replay-types.ts';
import { shownPath, splitPositionals } from '../../commands/target.ts';
import { exitOfVerdict } from '../../commands/verdict.ts';
import { verdictText, writeFaults } from '../findings.ts';
import type { Session } from '../session.ts';
import { type StateFormat, type StateView, writeState } from '../state.ts';
import { counted } from '../text.ts';

export interface ReplayFlags {
  until?: string;
  snapshot: string;
  output: StateFormat;
  save?: string;
}

export async function replay(session: Session, args: readonly string[], flags: ReplayFlags): Promise<ExitCode> {
  const { context } = session;
  const { path, range } = await splitPositionals(context, args, 'path only');
  if (range !== undefined) {
    throw usageError('E_USAGE', `replay takes its end with --until; '${args.at(-1)}' is no file`, {
      next: `walq wal replay --until ${shellWord(args.at(-1) ?? '')}`,
    });
  }
  const { until, snapshot } = flags;
  const result = await replayPath(context, { path, snapshot, ...(until === undefined ? {} : { until }) });
  const saved = flags.save === undefined ? undefined : await saveState(context, result, flags.save);
  const exit = exitOfVerdict(result.verdict);
  const view = viewOf(result);
  const facts = { ...view.facts, saved: saved && { ...saved, file: flags.save } };
  await writeState(session, { ...view, facts }, session.json ? 'json' : flags.output, exit);
  await session.out.flush();
  if (saved !== undefined) context.note(`saved as ${flags.save} (state ${saved.stateHash.slice(0, 12)})`);
  noteSkipped(context, result);
  if (exit !== 0) {
    await writeFaults(session, result.findings);
    await session.err.write(verdictText(result.verdict, [meaningOf(result)], session.errStyle));
  }
  return exit;
}

/** A replayed state, ready to be written in any form. */
export function viewOf(result: ReplayResult): StateView {
  return {
    seq: result.seq,
    counts: result.machine.counts,
    *jobs() {
      for (const job of result.machine.jobs()) {
        const row = rowOfJob(job);
        yield { ...row, id: result.originalId?.(row.id) ?? row.id };
      }
    },
    origin: originOf(result),
    facts: {
      target: result.target,
      snapshot: result.snapshot,
      replayed: result.replayed,
      skipped: result.skipped,
    },
    verdict: result.verdict,
    findings: result.findings,
  };
}

/** Of a salvaged store: what the state lacks is no fault of the store, and must not pass in silence. */
function noteSkipped(context: CommandContext, { findings }: ReplayResult): void {
  const skipped = findings.filter(({ code }) => code === 'E_SKIPPED').length;
  if (skipped === 0) return;
  context.note(
    `${counted(skipped, 'event')} skipped, behind events lost before a salvage (--json lists them) [E_SKIPPED]`,
  );
}

function originOf(result: ReplayResult): string[] {
  const from =
    result.snapshot === undefined
      ? 'from the start'
      : `from snapshot ${result.snapshot.file} (seq ${result.snapshot.seq})`;
  const skipped =
    result.skipped === 0 ? '' : `; ${counted(result.skipped, 'event')} did not fit the state and changed nothing`;
  return [
    escapeText(`${shownPath(result.target.path)}: ${from}, ${counted(result.replayed, 'event')} replayed${skipped}`),
  ];
}

/** What the fault means for the state shown. */
function meaningOf(result: ReplayResult): string {
  if (result.verdict === 'torn') return 'the state is whole: the torn write at the end was never acknowledged';
  const isForeign = result.target.format !== undefined;
  if (result.verdict === 'degraded' && isForeign) return 'the state is whole';
  if (result.verdict === 'degraded') return 'the state is whole: the log gives it without the bad snapshot';
  if (result.verdict === 'newer' && isForeign) return 'events of types that walq does not know are not in the state';
  if (result.whole === true) return 'the state is whole: the damage lies in a part of the store that it does not need';
  if (result.verdict === 'newer')
    return `this is the state up to seq ${result.seq}; what a newer walq wrote is not in it`;
  if (result.gaps === true) return 'numbers are missing: this is the state that the events which are there lead to';
  return `this is the state up to seq ${result.seq}; what lies behind the fault is not in it`;
}

import { formatDuration } from '../../base/duration.ts';
import { Exit, type ExitCode } from '../../base/errors.ts';
import { escapeText } from '../../base/escape.ts';
import { type QueueStatusResult, queueStatus } from '../../commands/queue/status.ts';
import { exitOfVerdict } from '../../commands/verdict.ts';
import type { RunnerStatus } from '../../queue/run/status.ts';
import { verdictWord } from '../findings.ts';
import type { Session } from '../session.ts';
import { bytes, count, counted } from '../text.ts';

export async function status(
  session: Session,
  _args: readonly string[],
  flags: { output: 'text' | 'json' },
): Promise<ExitCode> {
  const result = await queueStatus(session.context);
  session.settle();
  const exit = exitOfVerdict(result.verdict);
  if (session.json || flags.output === 'json') await session.document({ ...result, exit });
  else
    for (const [label, text] of linesOf(session, result))
      await session.out.line(`${session.style.dim(label.padEnd(11))}${text}`);
  return exit;
}

function linesOf(session: Session, result: QueueStatusResult): [string, string][] {
  const { style } = session;
  const { counts, totals, runner, runnerError, snapshot } = result;
  const now = session.context.env.clock.now();
  const waits = [
    `${count(result.ready)} ready`,
    ...(result.delayed > 0 ? [`${count(result.delayed)} waiting for their time`] : []),
    ...(result.commands > 0 ? [`${count(result.commands)} with a command of their own`] : []),
    ...(result.oldestReadyMs === undefined ? [] : [`oldest ${formatDuration(roughly(result.oldestReadyMs))}`]),
  ];
  const alone = runner === undefined && runnerError === undefined;
  const stale = counts.in_flight > 0 && alone ? '  (no runner: the next one takes them back)' : '';
  const dead = counts.dead > 0 ? style.bad(count(counts.dead)) : '0';
  const ever = [
    `${count(totals.enqueued)} enqueued`,
    counted(totals.dispatched, 'attempt'),
    counted(totals.retried, 'retry', 'retries'),
    counted(totals.timedOut, 'timeout'),
  ].join(', ');
  const verdict = style.verdict(result.verdict, verdictWord(result.verdict));
  const from = result.readFromSeq ?? 1;
  const whole = exitOfVerdict(result.verdict) === Exit.ok;
  const hint = whole && from > 1 ? `read from seq ${count(from)} on; walq wal verify reads all` : '';
  const doubt = whole ? hint : 'walq wal verify says what is wrong';
  const read = doubt === '' ? '' : style.dim(`  (${doubt})`);
  const health = result.from === 'runner' ? style.good('in use by the runner') : `${verdict}${read}`;
  return [
    ['store', escapeText(result.store)],
    ['pending', `${count(counts.pending)}${counts.pending > 0 ? style.dim(`  ${waits.join(', ')}`) : ''}`],
    ['in flight', `${count(counts.in_flight)}${style.dim(stale)}`],
    ['completed', style.good(count(counts.completed))],
    ['dead', dead],
    ['ever', style.dim(ever)],
    ['runner', runner ? runnerText(runner, now) : runnerError ? style.warn(escapeText(runnerError.message)) : 'none'],
    ['log', `seq ${count(result.seqLast)}, ${health}`],
    ['snapshot', snapshot ? snapshotText(snapshot, now) : 'none'],
  ];
}

function runnerText(runner: RunnerStatus, now: number): string {
  const since = formatDuration(roughly(now - runner.sinceMs));
  const parts = [`pid ${runner.pid}`, counted(runner.workers, 'worker'), `${runner.running} running`, `for ${since}`];
  return [...parts, ...(runner.stopping ? ['stopping'] : [])].join(', ');
}

function snapshotText(snapshot: NonNullable<QueueStatusResult['snapshot']>, now: number): string {
  const age = formatDuration(roughly(now - snapshot.createdMs));
  return `seq ${count(snapshot.seq)}, ${bytes(snapshot.bytes)}, ${age} ago`;
}

/** Whole seconds from a second on. */
function roughly(ms: number): number {
  return ms < 1000 ? Math.max(0, Math.round(ms)) : Math.round(ms / 1000) * 1000;
}

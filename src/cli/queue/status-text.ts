import { agoText, formatDuration, roughly } from '../../base/duration.ts';
import { escapeText } from '../../base/escape.ts';
import type { Opening, Rate } from '../../commands/queue/log-facts.ts';
import type { QueueStatusResult } from '../../commands/queue/status.ts';
import type { RunnerStatus } from '../../queue/run/status.ts';
import type { PhaseKind } from '../../queue/state/phase.ts';
import { verdictWord } from '../findings.ts';
import type { Style } from '../style.ts';
import { bytes, count, counted } from '../text.ts';
import { phaseName } from './phase-text.ts';

/** From so many finished jobs on they are felt: they take memory, and are written with each snapshot. */
const finishedMany = 100_000;

/** A queue at a glance, as labels and what stands beside them. Coloured, escaped, never cut: a line may wrap. */
export function statusLines(result: QueueStatusResult, style: Style, now: number): [string, string][] {
  const { counts, totals, runner, runnerError, oldestReadyMs, commands, nextDueAt } = result;
  const pending = [
    ...inPhases(result, ['ready', 'scheduled', 'retrying', 'blocked', 'paused', 'no-handler', 'expired']),
    ...(commands > 0 ? [`${count(commands)} with a command of their own`] : []),
    ...(oldestReadyMs === undefined ? [] : [`oldest ready for ${roughly(oldestReadyMs)}`]),
    ...(nextDueAt === undefined ? [] : [`next due in ${roughly(nextDueAt - now)}`]),
  ];
  const inFlight = inPhases(result, ['running', 'leased', 'cancelling', 'orphaned']);
  const ever = [
    `${count(totals.enqueued)} enqueued`,
    counted(totals.dispatched, 'attempt'),
    counted(totals.retried, 'retry', 'retries'),
    counted(totals.timedOut, 'timeout'),
  ];
  const beside = (number: string, parts: readonly string[]) =>
    `${number}${parts.length > 0 ? style.dim(`  ${parts.join(', ')}`) : ''}`;
  const alone = runner === undefined && runnerError === undefined;
  const orphans = alone && result.phases.orphaned > 0 ? style.warn('  the next runner takes them back') : '';
  return [
    ['store', escapeText(result.store)],
    ['pending', beside(count(counts.pending), counts.pending > 0 ? pending : [])],
    ['in flight', `${beside(count(counts.in_flight), inFlight)}${orphans}`],
    ['completed', beside(style.good(count(counts.completed)), keptText(result))],
    ['dead', counts.dead > 0 ? style.bad(count(counts.dead)) : '0'],
    ['ever', style.dim(ever.join(', '))],
    ['rate', rateText(result.rates)],
    ['runner', runner ? runnerText(runner, now) : runnerError ? style.warn(escapeText(runnerError.message)) : 'none'],
    ['log', logText(result, style)],
    ['opened', result.opening ? openingText(result.opening, now) : unknownOpening(result)],
    ...recoveryLines(result, now),
    ['snapshot', result.snapshot ? snapshotText(result.snapshot, now) : 'none'],
  ];
}

function inPhases({ phases }: QueueStatusResult, kinds: readonly PhaseKind[]): string[] {
  return kinds.flatMap((kind) => (phases[kind] > 0 ? [`${count(phases[kind])} ${phaseName(kind)}`] : []));
}

/** What can be done about finished jobs that nobody forgets. */
function keptText({ counts, settings: { limits, more } }: QueueStatusResult): string[] {
  const bounded =
    more.limits > 0 || limits.some(({ keepMs, keepCount }) => keepMs !== undefined || keepCount !== undefined);
  if (bounded || counts.completed + counts.dead < finishedMany) return [];
  return ['finished jobs are kept for ever', 'walq queue limit --keep-for 7d forgets older ones'];
}

/** `12 jobs a minute completed (last 1m), 9.6 (last 5m)`. */
function rateText(rates: readonly Rate[]): string {
  const perMinute = (number: number, { spanMs }: Rate): string => {
    const rate = (number / spanMs) * 60_000;
    return rate >= 10 ? count(Math.round(rate)) : String(Math.round(rate * 10) / 10);
  };
  const [shortest, ...others] = rates.filter(
    (rate, index) => index === 0 || rate.spanMs > (rates[index - 1]?.spanMs ?? 0),
  );
  if (shortest === undefined) return '';
  const spans = others.map((rate) => `${perMinute(rate.completed, rate)} over ${roughly(rate.spanMs)}`);
  const first = `${perMinute(shortest.completed, shortest)} completed a minute over the last ${roughly(shortest.spanMs)}`;
  return [first, ...spans].join(', ');
}

function runnerText(runner: RunnerStatus, now: number): string {
  const since = roughly(now - runner.sinceMs);
  const parts = [`pid ${runner.pid}`, counted(runner.workers, 'worker'), `${runner.running} running`, `for ${since}`];
  return [...parts, ...(runner.stopping ? ['stopping'] : []), escapeText(runner.handler)].join(', ');
}

function logText(result: QueueStatusResult, style: Style): string {
  const verdict = style.verdict(result.verdict, verdictWord(result.verdict));
  const from = result.readFromSeq;
  const partly = from > 1 ? `read from seq ${from} on; ` : '';
  // Beside a writer, zeros that it made room with follow the last frame.
  const isSound = result.verdict === 'clean' || result.verdict === 'padded';
  const advice = isSound ? 'walq wal verify reads all' : 'walq wal verify says what is wrong';
  const notes = partly === '' && isSound ? '' : style.dim(`  (${partly}${advice})`);
  return `seq ${result.seqLast}, ${verdict}${notes}`;
}

const afterWords: Readonly<Record<Opening['after'], string>> = {
  creation: 'as a new store',
  close: 'after a clean close',
  crash: 'after a crash',
  unknown: '',
};

function openingText({ atMs, pid, after }: Opening, now: number): string {
  const words = afterWords[after];
  return `${agoText(now - atMs)} by pid ${pid}${words === '' ? '' : `, ${words}`}`;
}

function unknownOpening({ seqLast }: QueueStatusResult): string {
  return seqLast === 0 ? 'nobody has written to it yet' : 'before the part of the log that was read';
}

function recoveryLines({ recovery, lastCrash, opening }: QueueStatusResult, now: number): [string, string][] {
  const earlier = lastCrash !== undefined && lastCrash.runner !== opening?.runner;
  const crash: [string, string][] = earlier ? [['crash', `the last one was found ${openingText(lastCrash, now)}`]] : [];
  if (recovery === undefined) return crash;
  const { ms, replayed, snapshotSeq, trimmedBytes } = recovery;
  const from = snapshotSeq === undefined ? '' : ` after the snapshot at seq ${snapshotSeq}`;
  const trimmed = trimmedBytes === undefined ? '' : `, ${bytes(trimmedBytes)} of a torn write cut off`;
  const took = formatDuration(Math.max(1, Math.round(ms)));
  return [...crash, ['recovery', `took ${took}: ${counted(replayed, 'event')} replayed${from}${trimmed}`]];
}

function snapshotText(snapshot: NonNullable<QueueStatusResult['snapshot']>, now: number): string {
  return `seq ${snapshot.seq}, ${bytes(snapshot.bytes)}, ${agoText(now - snapshot.createdMs)}`;
}

import { formatDuration, roughly } from '../../base/duration.ts';
import type { ExitCode } from '../../base/errors.ts';
import { escapeText } from '../../base/escape.ts';
import { type Latency, type StatsResult, statsOf } from '../../commands/stats/stats.ts';
import { shownPath, splitPositionals } from '../../commands/target.ts';
import { exitOfVerdict } from '../../commands/verdict.ts';
import type { Verdict } from '../../storage/types.ts';
import { verdictWord, writeFaults } from '../findings.ts';
import { labelledLine } from '../labelled.ts';
import type { Session } from '../session.ts';
import { type Column, countCell, renderTable } from '../table.ts';
import { bytes, count, counted, isoTime, percent } from '../text.ts';

/** Names listed in text; JSON has all. */
const namesShown = 10;
const labelColumns = 11;
const sparkColumns = 24;
const bars = '▁▂▃▄▅▆▇█';

export async function stats(session: Session, args: readonly string[]): Promise<ExitCode> {
  const { path, range } = await splitPositionals(session.context, args);
  const result = await statsOf(session.context, path, range);
  session.settle();
  const exit = exitOfVerdict(result.verdict);
  if (session.json) await session.document({ ...result, exit });
  else await writeStats(session, result);
  await session.out.flush();
  if (!session.json) await writeFaults(session, result.findings);
  return exit;
}

async function writeStats(session: Session, result: StatsResult): Promise<void> {
  const { out } = session;
  await out.line(labelledLine('log', headText(result), labelColumns, session));
  if (!result.whole) await out.line(labelledLine('verdict', partText(result.verdict), labelColumns, session));
  await out.line(labelledLine('time', spanText(result), labelColumns, session));
  for (const [label, text] of rateLines(result)) await out.line(labelledLine(label, text, labelColumns, session));
  await out.write(`\n${typeTable(session, result)}`);
  if (result.names.length > 0) await out.write(`\n${nameTable(session, result)}`);
  await out.write(`\n${latencyTable(session, result)}`);
  if (session.width !== undefined) await writeTimeline(session, result);
}

function headText({ target, events, bytes: size, logBytes, segments, seqFirst, seqLast }: StatsResult): string {
  const seqs = seqFirst === undefined ? '' : ` (seq ${seqFirst}..${seqLast ?? 0})`;
  const around = logBytes === undefined ? '' : ` in ${bytes(logBytes)}`;
  const parts = [`${counted(events, 'event')}${seqs}`, `${bytes(size)} of records${around}`];
  if (segments !== undefined) parts.push(counted(segments, 'segment'));
  return `${escapeText(shownPath(target.path))}: ${parts.join(', ')}`;
}

function partText(verdict: Verdict): string {
  return `${verdictWord(verdict)}: all numbers here are of the part that can be read`;
}

function spanText({ firstMs, lastMs }: StatsResult): string {
  if (firstMs === undefined || lastMs === undefined) return 'no event';
  return `${isoTime(firstMs)} to ${isoTime(lastMs)}, ${roughly(lastMs - firstMs)}`;
}

function rateLines(result: StatsResult): [string, string][] {
  const { retryRate, deadRate, unfinished, liveRatio, replay, undecoded } = result;
  const rates = [
    ...(retryRate === undefined ? [] : [`${percent(retryRate)} of attempts were followed by a retry`]),
    ...(deadRate === undefined ? [] : [`${percent(deadRate)} of the jobs that ended are dead`]),
  ];
  const live = `${counted(unfinished, 'unfinished job')}, whose events take ${percent(liveRatio)} of the bytes`;
  const lines: [string, string][] = rates.length > 0 ? [['failure', rates.join(', ')]] : [];
  lines.push(['live', live]);
  if (replay !== undefined) {
    const from = replay.fromSeq > 1 ? ` after the snapshot of seq ${replay.fromSeq - 1}` : '';
    const time = formatDuration(Math.max(1, Math.round(replay.estimatedMs)));
    lines.push(['recovery', `${counted(replay.events, 'event')} to replay${from}: about ${time}`]);
  }
  if (undecoded > 0) lines.push(['undecoded', counted(undecoded, 'event')]);
  return lines;
}

const right = 'right' as const;

function typeTable(session: Session, { types, events }: StatsResult): string {
  const columns: Column[] = [
    { title: 'EVENT' },
    { title: 'COUNT', align: right },
    { title: 'SHARE', align: right },
    { title: 'BYTES', align: right },
    { title: 'MEAN', align: right },
  ];
  const rows = types.map((share) => [
    session.style.eventType(escapeText(share.type)),
    countCell(share.events, session),
    percent(share.events / events),
    countCell(share.bytes, session),
    countCell(Math.round(share.bytes / share.events), session),
  ]);
  return renderTable(columns, rows, session);
}

function nameTable(session: Session, { names }: StatsResult): string {
  const columns: Column[] = [
    { title: 'JOBS', flexible: true },
    { title: 'ENQUEUED', align: right },
    { title: 'COMPLETED', align: right },
    { title: 'DEAD', align: right },
    { title: 'RETRIES', align: right },
    { title: 'BYTES', align: right },
  ];
  const rows = names
    .slice(0, namesShown)
    .map(({ name, enqueued, completed, dead, retried, bytes: size }) => [
      escapeText(name),
      ...[enqueued, completed, dead, retried, size].map((value) => countCell(value, session)),
    ]);
  const more = names.length - namesShown;
  const rest = more > 0 ? session.style.dim(`… and ${counted(more, 'more name')}; --json has all\n`) : '';
  return renderTable(columns, rows, session) + rest;
}

function latencyTable(session: Session, { wait, took }: StatsResult): string {
  const columns: Column[] = [
    { title: 'MILLISECONDS' },
    { title: 'COUNT', align: right },
    { title: 'P50', align: right },
    { title: 'P90', align: right },
    { title: 'P99', align: right },
    { title: 'MAX', align: right },
    ...(session.width === undefined ? [] : [{ title: 'SHORT TO LONG' }]),
  ];
  const row = (title: string, latency: Latency): string[] => [
    title,
    ...[latency.count, latency.p50, latency.p90, latency.p99, latency.max].map((value) => countCell(value, session)),
    ...(session.width === undefined ? [] : [spark(latency.shape)]),
  ];
  return renderTable(columns, [row('ready to begun', wait), row('begun to ended', took)], session);
}

async function writeTimeline(session: Session, { timeline }: StatsResult): Promise<void> {
  const { out, style, width = 80 } = session;
  const most = Math.max(sparkColumns, width - labelColumns - 24);
  const shown = timeline.stretches.slice(-most);
  if (shown.length < 2) return;
  await out.line('');
  const each = formatDuration(timeline.widthMs);
  for (const what of ['enqueued', 'completed', 'dead'] as const) {
    const counts = shown.map((stretch) => stretch[what]);
    const top = Math.max(...counts);
    if (top > 0)
      await out.line(`${style.dim(what.padEnd(labelColumns))}${spark(counts)}  up to ${count(top)} in ${each}`);
  }
}

/** One column for each count; the highest fills its column, and nothing is a space. */
function spark(counts: readonly number[]): string {
  const top = Math.max(...counts, 1);
  return counts.map((each) => (each === 0 ? ' ' : bars[Math.ceil((each / top) * bars.length) - 1])).join('');
}

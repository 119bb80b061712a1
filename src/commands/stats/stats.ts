import { usageError } from '../../base/errors.ts';
import type { Finding } from '../../base/finding.ts';
import type { Verdict } from '../../storage/types.ts';
import type { CommandContext } from '../context.ts';
import { openLog } from '../log-source.ts';
import { resolveRange } from '../resolve.ts';
import type { SelectorRange } from '../selector.ts';
import { isForeign, nameOf, openTarget, shownPath, type TargetName } from '../target.ts';
import { isWhole } from '../verdict.ts';
import { type NameShare, type Share, StatsCollector } from './collect.ts';
import type { Spread, SpreadSummary } from './spread.ts';
import type { Stretch } from './timeline.ts';

/** Milliseconds, to within a twelfth; absent without a single value. */
export interface Latency extends SpreadSummary {
  /** Counts from the shortest to the longest, on a scale that doubles. */
  shape: number[];
}

export interface StatsResult {
  target: TargetName;
  verdict: Verdict;
  findings: Finding[];
  /** Nothing is missing of what was read: else all that follows is of the part that can be read. */
  whole: boolean;
  events: number;
  /** Of the records; the log around them is a little larger. */
  bytes: number;
  /** Of the whole log: absent where a range was asked for. */
  logBytes?: number;
  segments?: number;
  seqFirst?: number;
  seqLast?: number;
  firstMs?: number;
  lastMs?: number;
  undecoded: number;
  /** Most events first. */
  types: (Share & { type: string })[];
  names: (NameShare & { name: string })[];
  /** From the moment that a job could run to its DISPATCH. */
  wait: Latency;
  /** From DISPATCH to the end of the attempt. */
  took: Latency;
  /** Of the attempts those that another followed, of the jobs that ended those that are dead; absent without any. */
  retryRate?: number;
  deadRate?: number;
  unfinished: number;
  /** Share of the bytes that unfinished jobs need. */
  liveRatio: number;
  timeline: { widthMs: number; stretches: Stretch[] };
  /** Events after the newest good snapshot, and about how long they take, by the speed of this reading. */
  replay?: { fromSeq: number; events: number; estimatedMs: number };
}

/**
 * What a log holds and how its jobs fared, in one pass. Read only. Damage is no error: what can be read is counted, and
 * the result carries the verdict. Throws E_WRONG_TARGET (2) for what is no log of ours, and what `openTarget` throws.
 */
export async function statsOf(
  context: CommandContext,
  path: string,
  range: SelectorRange | undefined,
): Promise<StatsResult> {
  const target = await openTarget(context, path);
  if (isForeign(target)) {
    throw usageError('E_WRONG_TARGET', `${shownPath(path)} is a ${target.format.kind} of another system`, {
      data: { file: path },
      next: 'walq wal import makes a store of it',
    });
  }
  const log = openLog(context, target);
  const { from = 0, to = Number.POSITIVE_INFINITY } = range === undefined ? {} : await resolveRange(range, log.look());
  const collector = new StatsCollector();
  const startedAt = context.env.clock.monotonic();
  const report = await log.scan(
    {
      record({ seq, bytes }) {
        if (seq > to) return false;
        if (seq >= from) collector.take(bytes, seq);
        return undefined;
      },
    },
    from,
  );
  const ms = context.env.clock.monotonic() - startedAt;
  const { events, bytes, undecoded, unfinished, firstMs, lastMs, liveBytes, timeline } = collector;
  const { seqFirst, seqLast } = report;
  const base = target.kind === 'store' && range === undefined ? ((await log.look().snapshotSeq()) ?? 0) : undefined;
  const toReplay = Math.max(0, (seqLast ?? 0) - (base ?? 0));
  return {
    target: nameOf(target),
    verdict: report.verdict,
    findings: report.findings,
    whole: isWhole(report.verdict),
    events,
    bytes,
    ...(range === undefined && { logBytes: report.bytes, segments: report.segments.length }),
    ...(seqFirst !== undefined && { seqFirst: Math.max(from, seqFirst) }),
    ...(seqLast !== undefined && { seqLast: Math.min(to, seqLast) }),
    ...(firstMs !== undefined && { firstMs }),
    ...(lastMs !== undefined && { lastMs }),
    undecoded,
    types: [...collector.byType].map(([type, share]) => ({ type, ...share })).sort((a, b) => b.events - a.events),
    names: [...collector.byName].map(([name, share]) => ({ name, ...share })).sort((a, b) => b.events - a.events),
    wait: latencyOf(collector.wait),
    took: latencyOf(collector.took),
    ...ratesOf(collector),
    unfinished,
    liveRatio: bytes === 0 ? 0 : liveBytes / bytes,
    timeline: { widthMs: timeline.widthMs, stretches: timeline.stretches() },
    ...(base !== undefined && {
      replay: { fromSeq: base + 1, events: toReplay, estimatedMs: events === 0 ? 0 : (ms / events) * toReplay },
    }),
  };
}

const shapeSteps = 24;

function latencyOf(spread: Spread): Latency {
  return { ...spread.summary(), shape: spread.shape(shapeSteps) };
}

function ratesOf({ byName, attempts, attemptsRetried }: StatsCollector): { retryRate?: number; deadRate?: number } {
  const sum = (member: 'completed' | 'dead'): number =>
    [...byName.values()].reduce((all, each) => all + each[member], 0);
  const dead = sum('dead');
  const ended = sum('completed') + dead;
  return {
    ...(attempts > 0 && { retryRate: attemptsRetried / attempts }),
    ...(ended > 0 && { deadRate: dead / ended }),
  };
}

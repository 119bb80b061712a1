import type { RunningJob } from '../../queue/run/status.ts';
import { type StatusReport, statusOf } from '../../queue/run/status.ts';
import type { InFlightJob } from '../../queue/state/job.ts';
import { type Phase, phaseOf } from '../../queue/state/phase.ts';
import { verdictOf } from '../../storage/report.ts';
import { surveyStore } from '../../storage/survey.ts';
import type { Verdict } from '../../storage/types.ts';
import type { CommandContext } from '../context.ts';
import { type EventRow, rowOfRecord } from '../event-row.ts';
import { inspectLog } from '../inspect.ts';
import { openLog } from '../log-source.ts';
import { parseRange } from '../selector.ts';
import { openStoreTarget } from '../store-target.ts';
import { openTarget } from '../target.ts';
import { lookAtRunner, type RunnerLook } from './ask-runner.ts';
import { LiveQueue } from './live-queue.ts';

/** A queue at one moment, as `queue watch` shows it. */
export interface WatchFrame {
  store: string;
  atMs: number;
  status: StatusReport;
  /** Jobs in flight, the oldest first, `runningMax` of them at the most. */
  running: { job: InFlightJob; phase: Phase; progress?: number; pid?: number }[];
  /** Oldest first. */
  events: EventRow[];
  /** Jobs completed a second, over the last seconds. */
  perSecond: number;
  verdict: Verdict;
  runnerError?: RunnerLook['error'];
}

export interface WatchOptions {
  /** Between two frames at least. */
  everyMs: number;
  /** Give a frame when nothing has happened too: times go on. */
  always: boolean;
  /** Ends the watching. */
  stop: AbortSignal;
}

const runningMax = 200;
const eventsMax = 100;
const rateMs = 10_000;

/** Frame after frame until stopped. Reads files and asks the runner; changes nothing. Throws what `replayTo` throws. */
export async function watchQueue(
  context: CommandContext,
  options: WatchOptions,
  show: (frame: WatchFrame) => Promise<void>,
): Promise<void> {
  const { clock } = context.env;
  const store = await openStoreTarget(context, []);
  const storeId = (await surveyStore(context.env, store)).identity.id;
  const live = new LiveQueue(context.env, store);
  await live.open();
  const events = await lastEvents(context, store);
  const rate = new CompletionRate();
  let runner = await lookAtRunner(context.env, store);
  let isNews = true;
  while (!options.stop.aborted) {
    const startedAt = clock.monotonic();
    if (isNews || options.always) {
      const perSecond = rate.at(startedAt, live.machine.totals.completed);
      await show(frameOf({ store, storeId, atMs: clock.now(), live, runner, events, perSecond }));
    }
    // A queue of a million jobs takes a while to count: looking must not eat the machine.
    const tookMs = clock.monotonic() - startedAt;
    await sleepUntilStop(context, Math.max(options.everyMs, 5 * tookMs), options.stop);
    if (options.stop.aborted) return;
    const look = await live.advance((bytes, seq) => {
      events.push(rowOfRecord({ bytes, seq, file: '', offset: 0, afterHole: false }));
      if (events.length > 2 * eventsMax) events.splice(0, eventsMax);
    });
    const before = runner.known;
    runner = await lookAtRunner(context.env, store);
    isNews = look !== 'quiet' || before?.epoch !== runner.known?.epoch;
  }
}

interface Moment {
  store: string;
  storeId: string;
  atMs: number;
  live: LiveQueue;
  runner: RunnerLook;
  events: EventRow[];
  perSecond: number;
}

function frameOf({ store, storeId, atMs, live, runner, events, perSecond }: Moment): WatchFrame {
  const { machine, seq } = live;
  const { error, running } = runner;
  const facts = { storeId, seqLast: seq, now: atMs, silentRunner: error !== undefined };
  const context = { now: atMs, settings: machine.settings, runner: runner.known };
  const said = new Map<string, RunningJob>(running.jobs.map((job) => [job.id, job]));
  const inFlight = [...machine.inFlight()].sort((a, b) => a.startedAt - b.startedAt || a.dispatchSeq - b.dispatchSeq);
  return {
    store,
    atMs,
    status: statusOf(machine, { ...facts, ...(running.runner && { runner: running.runner }) }),
    running: inFlight.slice(0, runningMax).map((job) => {
      const { pid, progress } = said.get(job.id) ?? {};
      return {
        job,
        phase: phaseOf(job, context),
        ...(pid !== undefined && { pid }),
        ...(progress !== undefined && { progress }),
      };
    }),
    events: events.slice(-eventsMax),
    perSecond,
    verdict: verdictOf(live.findings),
    ...(error && { runnerError: error }),
  };
}

/** What had happened before somebody looked. */
async function lastEvents(context: CommandContext, store: string): Promise<EventRow[]> {
  const rows: EventRow[] = [];
  const ends = await openLog(context, await openTarget(context, store))
    .look()
    .ends();
  if (ends === undefined) return rows;
  const range = parseRange('@-30..');
  await inspectLog(context, { path: store, range }, (row) => {
    rows.push(row);
    return undefined;
  });
  return rows;
}

/** Wakes early when the watching is stopped: nobody waits for a key that was pressed. */
async function sleepUntilStop({ env }: CommandContext, ms: number, stop: AbortSignal): Promise<void> {
  let onStop = (): void => undefined;
  const stopped = new Promise<void>((resolve) => {
    onStop = resolve;
    stop.addEventListener('abort', onStop, { once: true });
  });
  await Promise.race([env.clock.sleep(ms), stopped]);
  stop.removeEventListener('abort', onStop);
}

/** How fast jobs complete, by a count that only grows. */
class CompletionRate {
  #samples: { atMs: number; completed: number }[] = [];

  /** Jobs a second. */
  at(atMs: number, completed: number): number {
    this.#samples.push({ atMs, completed });
    while (this.#samples.length > 2 && atMs - (this.#samples[1]?.atMs ?? atMs) >= rateMs) this.#samples.shift();
    const first = this.#samples[0];
    if (first === undefined || atMs <= first.atMs) return 0;
    return ((completed - first.completed) / (atMs - first.atMs)) * 1000;
  }
}

import type { Finding } from '../../base/finding.ts';
import { eventTypes } from '../../queue/events/event-types.ts';
import { recordJobId, recordType } from '../../queue/events/events.ts';
import type { Job, JobCounts } from '../../queue/state/job.ts';
import { verdictOf } from '../../storage/report.ts';
import type { Verdict } from '../../storage/types.ts';
import type { CommandContext } from '../context.ts';
import { openStoreTarget } from '../store-target.ts';
import { lookAtRunner } from './ask-runner.ts';
import { LiveQueue } from './live-queue.ts';

export interface WaitRequest {
  /** None: until nothing is pending or in flight. */
  ids: readonly string[];
  timeoutMs?: number;
}

export interface WaitProgress {
  counts: Readonly<JobCounts>;
  /** Of those waited for. */
  left: number;
}

/** What became of a job that was waited for. */
export interface Waited {
  id: string;
  state: 'completed' | 'dead' | 'missing' | 'pending' | 'in_flight';
  reason?: string;
}

export interface WaitResult {
  store: string;
  /** Those asked for, in the order asked; without ids those that died meanwhile. */
  jobs: Waited[];
  completed: number;
  dead: number;
  missing: number;
  /** Not finished when the time was up. */
  left: number;
  timedOut: boolean;
  verdict: Verdict;
  findings: Finding[];
}

/**
 * Watches until the jobs are finished, whoever works on them. Changes nothing and holds nothing. `progress` is called
 * when something has changed. Throws what `replayTo` throws.
 */
export async function waitForJobs(
  context: CommandContext,
  request: WaitRequest,
  progress: (progress: WaitProgress) => void,
): Promise<WaitResult> {
  const { env, signal } = context;
  const store = await openStoreTarget(context, []);
  const untilMs = env.clock.monotonic() + (request.timeoutMs ?? Number.POSITIVE_INFINITY);
  const live = new LiveQueue(env, store);
  await live.open();
  const goal = request.ids.length > 0 ? new NamedJobs(live, request.ids) : new AllJobs(live);
  let told = false;
  for (;;) {
    const left = goal.left();
    progress({ counts: live.machine.counts, left });
    const leftMs = untilMs - env.clock.monotonic();
    if (left === 0 || leftMs <= 0 || signal.aborted) {
      const { findings } = live;
      return { store, ...goal.result(), left, timedOut: left > 0, verdict: verdictOf(findings), findings };
    }
    if (!told) {
      told = true;
      const { known } = await lookAtRunner(env, store);
      if (known === undefined) context.note('no runner works on this queue; waiting for one, or for take and ack');
    }
    await untilMoved(live, untilMs, signal, () => env.clock.monotonic(), goal);
  }
}

async function untilMoved(
  live: LiveQueue,
  untilMs: number,
  signal: AbortSignal,
  now: () => number,
  goal: Goal,
): Promise<void> {
  for (;;) {
    const look = await live.advance((record) => goal.note(record));
    if (look === 'reread') goal.note();
    if (look !== 'quiet') return;
    const leftMs = untilMs - now();
    if (leftMs <= 0 || signal.aborted) return;
    await live.pause(leftMs);
  }
}

interface Goal {
  /**
   * Looks at the state after each record, since a job may be forgotten right after it is finished; without one at
   * everything.
   */
  note(record?: Uint8Array): void;
  left(): number;
  result(): Pick<WaitResult, 'jobs' | 'completed' | 'dead' | 'missing'>;
}

class NamedJobs implements Goal {
  readonly #live: LiveQueue;
  readonly #last = new Map<string, Waited>();
  readonly #open = new Set<string>();

  constructor(live: LiveQueue, ids: readonly string[]) {
    this.#live = live;
    for (const id of ids) this.#open.add(id);
    this.note();
  }

  note(record?: Uint8Array): void {
    for (const id of this.#concerned(record)) {
      const job = this.#live.machine.get(id);
      const before = this.#last.get(id);
      // Finished and forgotten between two looks: what it was last is all that can be said.
      if (job === undefined) this.#last.set(id, { id, state: 'missing', ...(before && { reason: before.state }) });
      else this.#last.set(id, waited(job));
      if (job === undefined || job.state === 'completed') this.#open.delete(id);
    }
  }

  #concerned(record: Uint8Array | undefined): readonly string[] {
    if (record === undefined || recordType(record) === eventTypes.PRUNE) return [...this.#open];
    const id = recordJobId(record);
    return this.#open.has(id) ? [id] : [];
  }

  /** A dead job may come back while others are waited for; once they are done, dead is dead. */
  left(): number {
    let left = 0;
    for (const id of this.#open) if (this.#last.get(id)?.state !== 'dead') left++;
    return left;
  }

  result() {
    const jobs = [...this.#last.values()];
    const count = (state: Waited['state']) => jobs.filter((job) => job.state === state).length;
    return { jobs, completed: count('completed'), dead: count('dead'), missing: count('missing') };
  }
}

/** Everything that is pending or in flight, now or while it lasts. What was dead before does not matter. */
class AllJobs implements Goal {
  readonly #live: LiveQueue;
  readonly #seqStart: number;
  readonly #completedBefore: number;

  constructor(live: LiveQueue) {
    this.#live = live;
    this.#seqStart = live.seq;
    this.#completedBefore = live.machine.totals.completed;
  }

  note(): void {}

  left(): number {
    const { pending, in_flight } = this.#live.machine.counts;
    return pending + in_flight;
  }

  result() {
    const { machine } = this.#live;
    const jobs: Waited[] = [];
    for (const job of machine.jobs()) {
      if (job.state === 'dead' && job.endSeq > this.#seqStart) jobs.push(waited(job));
    }
    return { jobs, completed: machine.totals.completed - this.#completedBefore, dead: jobs.length, missing: 0 };
  }
}

function waited(job: Job): Waited {
  return { id: job.id, state: job.state, ...(job.state === 'dead' && { reason: job.reason }) };
}

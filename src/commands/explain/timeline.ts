import { runnerName } from '../../queue/events/event-details.ts';
import type { DispatchEvent, QueueEvent } from '../../queue/events/event-types.ts';
import type { PauseScope } from '../../queue/events/setting-types.ts';
import type { Job } from '../../queue/state/job.ts';
import type { Seq } from '../seq.ts';
import type { Told } from './life.ts';
import { TimeAccount, type TimeSpent } from './time-spent.ts';
import { replacedWords, wordsOf } from './words.ts';

/** One step in the life of a job. */
export interface TimelineStep {
  seq: Seq;
  /** ms since the epoch. */
  atMs: number;
  /** Since the step before; negative where the clock stepped back. Absent of the first. */
  sinceMs?: number;
  type: QueueEvent['type'];
  /** Of the attempt that it begins or ends. */
  attempt?: number;
  runner?: string;
  lease?: string;
  /** What happened, in plain words; as stored, not yet escaped. */
  text: string;
  /** Of another job, or of the queue: it changed what this job waited for. */
  around?: true;
}

export interface Timeline {
  steps: readonly TimelineStep[];
  spent: TimeSpent;
  /** By the seq of their DISPATCH: how long the job had been pending. */
  pendings: ReadonlyMap<Seq, number>;
}

/** Where `job` is known it is what the events led to. `now` ends a life that goes on. */
export function timelineOf(told: readonly Told[], job: Job | undefined, now: number): Timeline {
  const builder = new TimelineBuilder(namesOf(told, job));
  for (const each of told) builder.take(each);
  const { steps, pendings, account } = builder;
  const first = steps.find(({ around }) => around === undefined)?.atMs;
  return { steps, pendings, spent: account.settle(job, now, first) };
}

/** What a pause must name to hold this job. */
function namesOf(told: readonly Told[], job: Job | undefined): PauseScope {
  if (job !== undefined) return job.options;
  const enqueued = told.find(({ event }) => event.type === 'ENQUEUE')?.event;
  return enqueued?.type === 'ENQUEUE' ? enqueued : {};
}

class TimelineBuilder {
  readonly steps: TimelineStep[] = [];
  readonly pendings = new Map<Seq, number>();
  readonly account = new TimeAccount();
  readonly #names: PauseScope;
  /** Since it became pending, whatever it waited for. */
  #pendingMs: number | undefined;
  /** The one that goes on, or has just ended. */
  #attempt: number | undefined;
  #attempts = 0;
  #isLeased = false;

  constructor(names: PauseScope) {
    this.#names = names;
  }

  take({ seq, event, of, replacedBy }: Told): void {
    if (of === 'job') this.#own(event, seq, replacedBy);
    else if (of === 'pause') this.#pause(event, seq);
    else if (this.account.isWaiting) {
      this.account.freed(event.at);
      this.#add(event, seq, true);
    }
  }

  #own(event: QueueEvent, seq: Seq, replacedBy: string | undefined): void {
    const { account } = this;
    const { at } = event;
    switch (event.type) {
      case 'ENQUEUE':
        this.#wait(at, event.runAt, false);
        break;
      case 'DISPATCH':
        this.#dispatch(event, seq);
        break;
      case 'TIMEOUT':
        // In our own logs RETRY or DEAD follows at once.
        this.#wait(at, at, true);
        break;
      case 'RETRY':
        this.#wait(at, event.runAt, event.reason !== 'redrive');
        break;
      case 'UPDATE':
        account.postpone(at, event.runAt);
        break;
      case 'CANCEL':
        // A runner ends the process first, and says DEAD then.
        if (!account.isRunning || this.#isLeased) account.die(at);
        break;
      case 'ACK':
        account.over(at);
        this.#pendingMs = undefined;
        break;
      case 'DEAD':
        account.die(at);
        this.#pendingMs = undefined;
        break;
      case 'REMOVE':
        // One that is finished has come to its end before.
        if (account.isWaiting) account.over(at);
        break;
    }
    this.#add(event, seq);
    const step = this.steps.at(-1);
    if (replacedBy !== undefined && step !== undefined) step.text = replacedWords(replacedBy);
    // The RETRY or DEAD that follows a TIMEOUT is of the same attempt.
    if (event.type === 'RETRY') this.#attempt = undefined;
  }

  #wait(at: number, runAt: number, again: boolean): void {
    if (!this.account.isWaiting) this.#pendingMs = at;
    this.account.wait(at, runAt, again);
  }

  #dispatch({ at, attempt, owner, from }: DispatchEvent, seq: Seq): void {
    this.account.begin(at);
    if (this.#pendingMs !== undefined) this.pendings.set(seq, Math.max(0, at - this.#pendingMs));
    this.#pendingMs = undefined;
    this.#isLeased = owner.kind === 'lease';
    this.#attempts++;
    // A foreign log does not number them.
    this.#attempt = from === undefined ? attempt : this.#attempts;
  }

  #pause(event: QueueEvent, seq: Seq): void {
    if ((event.type !== 'PAUSE' && event.type !== 'RESUME') || !this.#isHeldBy(event)) return;
    const scope = JSON.stringify([event.name, event.group]);
    if (event.type === 'PAUSE') this.account.pause(event.at, scope);
    else this.account.resume(event.at, scope);
    if (this.account.isWaiting) this.#add(event, seq, true);
  }

  #isHeldBy({ name, group }: PauseScope): boolean {
    if (name === undefined && group === undefined) return true;
    return name === undefined ? group === this.#names.group : name === this.#names.name;
  }

  #add(event: QueueEvent, seq: Seq, around = false): void {
    const before = this.steps.at(-1);
    const attempt = around || !ofAttempt.has(event.type) ? undefined : this.#attempt;
    this.steps.push({
      seq,
      atMs: event.at,
      ...(before !== undefined && { sinceMs: event.at - before.atMs }),
      type: event.type,
      ...(attempt !== undefined && { attempt }),
      ...(event.type === 'DISPATCH' && workerOf(event)),
      text: around && event.type === 'ACK' ? `parent ${event.id} completed` : wordsOf(event),
      ...(around && { around }),
    });
  }
}

const ofAttempt: ReadonlySet<string> = new Set(['DISPATCH', 'ACK', 'RETRY', 'TIMEOUT', 'DEAD', 'EXTEND', 'CANCEL']);

function workerOf({ owner }: DispatchEvent): Pick<TimelineStep, 'runner' | 'lease'> {
  if (owner.kind === 'runner') return { runner: runnerName(owner.epoch) };
  return owner.kind === 'lease' ? { lease: owner.token } : {};
}

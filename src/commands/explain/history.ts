import { runnerName } from '../../queue/events/event-details.ts';
import type { AttemptExit, DispatchEvent, Owner, QueueEvent } from '../../queue/events/event-types.ts';
import type { Job } from '../../queue/state/job.ts';
import { tookMs } from '../../queue/state/took.ts';
import type { Seq } from '../seq.ts';

/** One attempt at a job, as far as the log still tells of it. */
export interface Attempt extends AttemptExit {
  /** As DISPATCH numbers it: one that was given back is followed by one of the same number. */
  attempt?: number;
  dispatchSeq?: Seq;
  startedMs?: number;
  endedMs?: number;
  tookMs?: number;
  /** The handler's own time, where its ACK tells it. */
  durationMs?: number;
  /** From the moment it became pending to its begin: for others, for its time, for a worker. */
  pendingMs?: number;
  /** Who had it. */
  runner?: string;
  lease?: string;
  /** `returned`: it did not count. */
  outcome: 'running' | 'completed' | 'failed' | 'returned' | 'dead';
  timedOut?: true;
  reason?: string;
  error?: string;
  /** When the next one may begin. */
  nextRunMs?: number;
}

/** An event that was no part of an attempt. */
export interface Change {
  seq: Seq;
  atMs: number;
  type: QueueEvent['type'];
  event: QueueEvent;
}

/** How a job left the queue. */
export interface Departure {
  seq: Seq;
  atMs: number;
  how: 'removed' | 'pruned';
  /** The job of the same key that took its place, in the same write. */
  replacedBy?: string;
}

/** The life of one job, told by its events in order. An id that came back after it was gone begins a new life. */
export class JobHistory {
  attempts: Attempt[] = [];
  changes: Change[] = [];
  /** Lives under this id that ended before this one. */
  earlierLives = 0;
  departure: Departure | undefined;
  /** The log tells of its ENQUEUE. */
  whole = false;
  /** Seq of its ACK or DEAD, once it is finished. */
  endSeq: Seq | undefined;
  #open: Attempt | undefined;
  /** When the one that is open ran into its timeout. */
  #timeoutMs: number | undefined;

  take(event: QueueEvent, seq: Seq): void {
    const { at } = event;
    switch (event.type) {
      case 'ENQUEUE':
        this.#begin();
        this.#change(event, seq);
        return;
      case 'DISPATCH':
        this.#dispatch(event, seq);
        return;
      case 'TIMEOUT':
        if (this.#open === undefined) return;
        this.#open.timedOut = true;
        this.#timeoutMs = at;
        return;
      case 'ACK': {
        const { durationMs } = event;
        this.#end(at, { outcome: 'completed', ...(durationMs !== undefined && { durationMs }) });
        this.endSeq = seq;
        return;
      }
      case 'RETRY':
        if (this.endSeq !== undefined) this.#change(event, seq);
        else {
          const outcome = event.refund ? 'returned' : 'failed';
          this.#end(at, { outcome, nextRunMs: event.runAt, ...endingOf(event) });
        }
        this.endSeq = undefined;
        return;
      case 'DEAD':
        if (this.#open === undefined) this.#change(event, seq);
        else this.#end(at, { outcome: 'dead', ...endingOf(event) });
        this.endSeq = seq;
        return;
      case 'CANCEL':
        this.#cancel(event, seq);
        return;
      case 'REMOVE':
        this.departure = { seq, atMs: at, how: 'removed' };
        this.#change(event, seq);
        return;
      case 'PRUNE':
        this.departure = { seq, atMs: at, how: 'pruned' };
        return;
      default:
        this.#change(event, seq);
    }
  }

  #begin(): void {
    if (this.departure !== undefined || this.whole) this.earlierLives++;
    this.attempts = [];
    this.changes = [];
    this.departure = undefined;
    this.endSeq = undefined;
    this.#open = undefined;
    this.#timeoutMs = undefined;
    this.whole = true;
  }

  #dispatch(event: DispatchEvent, seq: Seq): void {
    this.close();
    // A foreign log does not number them.
    const attempt = event.from === undefined ? event.attempt : this.attempts.length + 1;
    this.#open = { attempt, dispatchSeq: seq, startedMs: event.at, ...ownerOf(event.owner), outcome: 'running' };
    this.attempts.push(this.#open);
  }

  /** The attempt under way is over, and no event says how: so it is with timeouts in foreign logs, and behind a hole. */
  close(): void {
    if (this.#open === undefined) return;
    const { startedMs = 0, timedOut } = this.#open;
    this.#end(this.#timeoutMs ?? startedMs, { outcome: 'failed', ...(timedOut && { reason: 'timeout' }) });
  }

  /** A job that a runner has goes on until its process is over; any other dies at once. */
  #cancel(event: Extract<QueueEvent, { type: 'CANCEL' }>, seq: Seq): void {
    this.#change(event, seq);
    if (this.#open?.runner !== undefined) return;
    if (this.#open !== undefined) this.#end(event.at, { outcome: 'dead', reason: 'cancelled' });
    this.endSeq = seq;
  }

  #change(event: QueueEvent, seq: Seq): void {
    this.changes.push({ seq, atMs: event.at, type: event.type, event });
  }

  #end(at: number, end: Partial<Attempt> & Pick<Attempt, 'outcome'>): void {
    // Its DISPATCH may be gone from the log.
    const open: Attempt = this.#open ?? { outcome: 'running' };
    if (this.#open === undefined) this.attempts.push(open);
    Object.assign(open, { endedMs: at }, end);
    if (open.startedMs !== undefined) open.tookMs = tookMs(open.startedMs, at);
    this.#open = undefined;
    this.#timeoutMs = undefined;
  }
}

function ownerOf(owner: Owner): Pick<Attempt, 'runner' | 'lease'> {
  if (owner.kind === 'runner') return { runner: runnerName(owner.epoch) };
  return owner.kind === 'lease' ? { lease: owner.token } : {};
}

type Ending = AttemptExit & { reason: string; error?: string | undefined };

function endingOf({ reason, error, exitCode, signal }: Ending): Pick<Attempt, 'reason' | 'error'> & AttemptExit {
  return {
    reason,
    ...(exitCode !== undefined && { exitCode }),
    ...(signal !== undefined && { signal }),
    ...(error !== undefined && { error }),
  };
}

/** What the job itself remembers of its last attempt: all there is when the log has forgotten it. */
export function rememberedAttempt(job: Job): Attempt | undefined {
  const { setback, attempt } = job;
  switch (job.state) {
    case 'pending':
      if (setback === undefined) return undefined;
      return { endedMs: setback.at, outcome: 'failed', ...endingOf(setback), nextRunMs: job.runAt };
    case 'in_flight': {
      const { dispatchSeq, startedAt } = job;
      return { attempt, dispatchSeq, startedMs: startedAt, ...ownerOf(job.owner), outcome: 'running' };
    }
    case 'completed': {
      const { startedAt, endedAt, durationMs } = job;
      return {
        attempt,
        ...(startedAt !== undefined && { startedMs: startedAt, tookMs: tookMs(startedAt, endedAt) }),
        endedMs: endedAt,
        ...(durationMs !== undefined && { durationMs }),
        outcome: 'completed',
      };
    }
    case 'dead':
      if (attempt === 0) return undefined;
      return { attempt, endedMs: job.endedAt, outcome: 'dead', ...endingOf(job) };
  }
}

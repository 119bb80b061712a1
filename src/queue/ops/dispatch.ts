import { mapped } from '../../base/array-of-one.ts';
import { assert } from '../../base/errors.ts';
import type { CommitHooks } from '../../storage/types.ts';
import type { DispatchRequest, Lease, LeaseRequest } from '../engine-types.ts';
import type { DispatchEvent, Owner } from '../events/event-types.ts';
import { fieldError } from '../events/record.ts';
import type { InFlightJob, PendingJob } from '../state/job.ts';
import { allLanes, type Lane, type Wanted } from '../state/lane.ts';
import { type EngineContext, reservedToken } from './context.ts';
import type { Hold } from './reservations.ts';
import { expire } from './sweep.ts';

/**
 * How jobs get to those who work on them. No async functions where the log alone is waited for: attempts come by the
 * million, and each layer of promises costs as much as a record.
 */

/** What whoever asked is told, of the jobs that are in flight now. */
type Answer<T> = (running: readonly InFlightJob[]) => T;

/** Who is to have the jobs, one after the other, at most so many. */
interface Takers {
  readonly most: number;
  next(): Owner;
}

const firstOf: Answer<InFlightJob | undefined> = ([job]) => job;
const leasesOf: Answer<Lease[]> = (jobs) => mapped(jobs, leaseOf);

/**
 * The next job that is due, now in flight and its DISPATCH on disk; undefined when none is, or while an outcome waits
 * for a full disk.
 */
export function dispatch(engine: EngineContext, request: DispatchRequest): Promise<InFlightJob | undefined> {
  const owner: Owner = request.owner ?? { kind: 'runner', epoch: engine.log.epoch };
  const wanted: Wanted = { lanes: request.lanes ?? allLanes, names: request.names };
  return begin(engine, wanted, { most: 1, next: () => owner }, firstOf);
}

const tokenPattern = /^[\w-]{16,128}$/;
const leasedLanes: readonly Lane[] = ['handler'];

/**
 * Due jobs for a holder outside, in one frame. Jobs that bring a command are not given out: the holder has work of its
 * own. Rejects with E_FIELD for tokens that are none.
 */
export function lease(engine: EngineContext, request: LeaseRequest): Promise<Lease[]> {
  const wanted: Wanted = { lanes: leasedLanes, names: request.names };
  const deadlineMs = engine.now() + request.leaseMs;
  if ('tokens' in request) return leaseUnder(engine, wanted, request.tokens, deadlineMs);
  const next = (): Owner => new Holder(engine.tokens.next(), deadlineMs);
  return begin(engine, wanted, { most: request.count, next }, leasesOf);
}

/** With tokens of the holder's own, which may have been asked for before. */
async function leaseUnder(
  engine: EngineContext,
  wanted: Wanted,
  given: readonly string[],
  deadlineMs: number,
): Promise<Lease[]> {
  const tokens = [...new Set(given)];
  for (const token of tokens) {
    if (!tokenPattern.test(token)) throw fieldError('token', 'must be 16 to 128 letters, digits, - and _');
  }
  return await engine.reserved.hold(tokens.map(reservedToken), async () => {
    const known = tokens.flatMap((token) => engine.machine.lease(token) ?? []);
    if (known.length > 0) return leasesOf(known);
    const free = tokens.values();
    const next = (): Owner => ({ kind: 'lease', token: free.next().value ?? '', deadlineMs });
    return await begin(engine, wanted, { most: tokens.length, next }, leasesOf);
  });
}

function leaseOf(job: InFlightJob): Lease {
  assert(job.owner.kind === 'lease', 'a leased job has its token');
  const { token, deadlineMs } = job.owner;
  return new Held(token, deadlineMs, job);
}

function begin<T>(engine: EngineContext, wanted: Wanted, takers: Takers, answer: Answer<T>): Promise<T> {
  try {
    if (engine.commits.stalled > 0) return Promise.resolve(answer([]));
    if (engine.machine.ready.expired(engine.now(), 1).length > 0) {
      return expire(engine).then(() => begin(engine, wanted, takers, answer));
    }
    const jobs = takeDue(engine, wanted, takers.most);
    if (jobs.length === 0) return Promise.resolve(answer([]));
    const hold = engine.reserved.enter(mapped(jobs, idOf));
    if (hold.granted === undefined) return new Departure(engine, jobs, hold, answer).append(takers);
    return hold.granted.then(() => {
      const still = stillDue(engine, jobs);
      if (still.length > 0) return new Departure(engine, still, hold, answer).append(takers);
      engine.reserved.leave(hold);
      return begin(engine, wanted, takers, answer);
    });
  } catch (error) {
    return Promise.reject(error);
  }
}

function takeDue(engine: EngineContext, wanted: Wanted, most: number): readonly PendingJob[] {
  const { machine, rates } = engine;
  const { ready } = machine;
  if (rates.due()) ready.unpark();
  const jobs: PendingJob[] = [];
  while (jobs.length < most && rates.allows('')) {
    const job = ready.take(engine.now(), wanted);
    if (job === undefined) break;
    rates.take('');
    if (job.options.group !== '') rates.take(job.options.group);
    jobs.push(job);
  }
  return jobs;
}

/** Those that are still what they were: while this waited for their ids, they may have changed. The others go back. */
function stillDue(engine: EngineContext, jobs: readonly PendingJob[]): PendingJob[] {
  const full = engine.commits.stalled > 0;
  return jobs.filter((job) => {
    const isStill = !full && engine.machine.get(job.id) === job;
    if (!isStill) putBack(engine, job);
    return isStill;
  });
}

/** Classes and no literals, here and below: base/array-of-one.ts says why. */
class Holder {
  readonly kind = 'lease';
  readonly token: string;
  readonly deadlineMs: number;

  constructor(token: string, deadlineMs: number) {
    this.token = token;
    this.deadlineMs = deadlineMs;
  }
}

class Held implements Lease {
  readonly token: string;
  readonly deadlineMs: number;
  readonly job: InFlightJob;

  constructor(token: string, deadlineMs: number, job: InFlightJob) {
    this.token = token;
    this.deadlineMs = deadlineMs;
    this.job = job;
  }
}

class Dispatch implements DispatchEvent {
  readonly type = 'DISPATCH';
  readonly id: string;
  readonly at: number;
  readonly attempt: number;
  readonly owner: Owner;
  readonly deadlineMs: number | undefined;

  constructor({ id, attempt, options: { timeoutMs } }: PendingJob, at: number, owner: Owner) {
    this.id = id;
    this.at = at;
    this.attempt = attempt + 1;
    this.owner = owner;
    this.deadlineMs = timeoutMs === 0 ? undefined : at + timeoutMs;
  }
}

/** Jobs that are taken out of the index, and whose ids are held, on their way into flight. */
class Departure<T> implements CommitHooks<T> {
  readonly #engine: EngineContext;
  readonly #jobs: readonly PendingJob[];
  readonly #hold: Hold;
  readonly #answer: Answer<T>;
  #events: readonly DispatchEvent[] = [];

  constructor(engine: EngineContext, jobs: readonly PendingJob[], hold: Hold, answer: Answer<T>) {
    this.#engine = engine;
    this.#jobs = jobs;
    this.#hold = hold;
    this.#answer = answer;
  }

  append(takers: Takers): Promise<T> {
    const at = this.#engine.now();
    try {
      this.#events = mapped(this.#jobs, (job) => new Dispatch(job, at, takers.next()));
      return this.#engine.commits.appendWith(this.#events, this, this.#events);
    } catch (error) {
      this.failed();
      throw error;
    }
  }

  applied(seqFirst: number): T {
    const { machine, reserved, commits } = this.#engine;
    const running = mapped(this.#jobs, ({ id }) => {
      const job = machine.get(id);
      assert(job?.state === 'in_flight', 'a dispatched job is in flight');
      return job;
    });
    reserved.leave(this.#hold);
    commits.tell(this.#events, seqFirst);
    return this.#answer(running);
  }

  failed(): undefined {
    for (const job of this.#jobs) putBack(this.#engine, job);
    this.#engine.reserved.leave(this.#hold);
  }
}

function idOf({ id }: PendingJob): string {
  return id;
}

function putBack(engine: EngineContext, job: PendingJob): void {
  engine.machine.ready.giveBack(job);
  engine.rates.giveBack('');
  if (job.options.group !== '') engine.rates.giveBack(job.options.group);
}

import { assert } from '../../base/errors.ts';
import type { DispatchRequest, Lease, LeaseRequest } from '../engine-types.ts';
import type { DispatchEvent, Owner } from '../events/event-types.ts';
import { fieldError } from '../events/record.ts';
import type { InFlightJob, PendingJob } from '../state/job.ts';
import { allLanes, type Wanted } from '../state/ready.ts';
import { type EngineContext, reservedToken } from './context.ts';
import { expire } from './sweep.ts';

/**
 * The next job that is due, now in flight and its DISPATCH on disk; undefined when none is, or while a verdict waits
 * for a full disk.
 */
export async function dispatch(engine: EngineContext, request: DispatchRequest): Promise<InFlightJob | undefined> {
  const owner: Owner = request.owner ?? { kind: 'runner', epoch: engine.log.epoch };
  const [job] = await begin(engine, { lanes: request.lanes ?? allLanes, names: request.names }, 1, () => owner);
  return job;
}

const tokenPattern = /^[\w-]{16,128}$/;

/**
 * Due jobs for a holder outside, one for each token, in one frame. Jobs that bring a command are not given out: the
 * holder has work of its own. Throws usageError E_FIELD for tokens that are none.
 */
export async function lease(engine: EngineContext, request: LeaseRequest): Promise<Lease[]> {
  const tokens = [...new Set(request.tokens)];
  for (const token of tokens) {
    if (!tokenPattern.test(token)) throw fieldError('token', 'must be 16 to 128 letters, digits, - and _');
  }
  return await engine.reserved.hold(tokens.map(reservedToken), async () => {
    const known = tokens.flatMap((token) => engine.machine.lease(token) ?? []);
    const free = tokens.values();
    const deadlineMs = engine.now() + request.leaseMs;
    const ownerOf = (): Owner => ({ kind: 'lease', token: free.next().value ?? '', deadlineMs });
    const wanted: Wanted = { lanes: ['handler'], names: request.names };
    const jobs = known.length > 0 ? known : await begin(engine, wanted, tokens.length, ownerOf);
    return jobs.map((job) => {
      assert(job.owner.kind === 'lease', 'a leased job has its token');
      return { token: job.owner.token, job };
    });
  });
}

async function begin(
  engine: EngineContext,
  wanted: Wanted,
  most: number,
  ownerOf: () => Owner,
): Promise<InFlightJob[]> {
  while (engine.commits.stalled === 0) {
    if (engine.machine.ready.expired(engine.now(), 1).length > 0) await expire(engine);
    const jobs = takeDue(engine, wanted, most);
    if (jobs.length === 0) return [];
    const ids = jobs.map((job) => job.id);
    const running = await engine.reserved.hold(ids, () => start(engine, jobs, ownerOf));
    if (running.length > 0) return running;
  }
  return [];
}

function takeDue(engine: EngineContext, wanted: Wanted, most: number): PendingJob[] {
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

/** Those that are still what they were, now in flight: while this waited for their ids, they may have changed. */
async function start(engine: EngineContext, jobs: readonly PendingJob[], ownerOf: () => Owner): Promise<InFlightJob[]> {
  const { machine, commits } = engine;
  const full = commits.stalled > 0;
  const still = jobs.filter((job) => !full && machine.get(job.id) === job);
  for (const job of jobs) if (!still.includes(job)) putBack(engine, job);
  if (still.length === 0) return [];
  const at = engine.now();
  const events = still.map(
    (job): DispatchEvent => ({
      type: 'DISPATCH',
      id: job.id,
      at,
      attempt: job.attempt + 1,
      owner: ownerOf(),
      deadlineMs: job.options.timeoutMs === 0 ? undefined : at + job.options.timeoutMs,
    }),
  );
  try {
    await commits.append(events);
  } catch (error) {
    for (const job of still) putBack(engine, job);
    throw error;
  }
  return still.map(({ id }) => {
    const running = machine.get(id);
    assert(running?.state === 'in_flight', 'a dispatched job is in flight');
    return running;
  });
}

function putBack(engine: EngineContext, job: PendingJob): void {
  engine.machine.ready.giveBack(job);
  engine.rates.giveBack('');
  if (job.options.group !== '') engine.rates.giveBack(job.options.group);
}

import type { DispatchEvent } from '../../../src/queue/events/event-types.ts';
import type { Frame } from './disk.ts';
import type { History } from './history.ts';
import { holder, type Request } from './operations.ts';
import { after, type Job, type State } from './state.ts';
import type { Op, World } from './world.ts';

type Taking = Extract<Request, { kind: 'dispatch' | 'lease' }>;

/** Which jobs may be begun, and in which order. */
export class DispatchRules {
  readonly #world: World;
  readonly #history: History;

  constructor(world: World, history: History) {
    this.#world = world;
    this.#history = history;
  }

  /** The DISPATCH events of one frame of this operation. */
  check(op: Op, request: Taking, frame: Frame): void {
    const most = request.kind === 'dispatch' ? 1 : request.tokens.length;
    if (frame.events.length > most) throw new Error('more jobs than asked for');
    const seen = this.#history.states.slice(op.seq, frame.seqFirst);
    let state = this.#history.before(frame);
    for (const [index, event] of frame.events.entries()) {
      if (event.type !== 'DISPATCH') throw new Error(`${event.type} while jobs are begun`);
      const job = state.jobs.get(event.id);
      if (job === undefined) throw new Error('no such job');
      this.#owned(op, request, state, event);
      const times = this.#history.times(op, frame.tick);
      const fault =
        (!wants(request, job) && 'a job that was not asked for') ||
        (job.runAt > Math.max(job.waitsSince, this.#history.latest(frame.tick)) && 'its time has not come') ||
        ((job.expiresAt ?? Number.POSITIVE_INFINITY) <= Math.min(...times) && 'it has expired') ||
        (seen.every((one) => isPaused(one, job)) && 'it is paused') ||
        (working(state, job.group) >= Math.max(...seen.map((one) => this.#limit(one, job.group))) && 'one too many') ||
        (op.alone && this.#better(state, request, job, event.at)) ||
        this.#tooFast(frame, job.group);
      if (fault) throw new Error(`${job.id} was begun: ${fault}`);
      state = after(state, event, frame.seqFirst + index);
    }
  }

  /** Nobody else was there, and this operation got less than it asked for: then there was nothing more. */
  checkNothingLeft(op: Op, request: Taking, got: number, state: State): void {
    const most = request.kind === 'dispatch' ? 1 : request.tokens.length;
    if (!op.alone || got >= most) return;
    const now = Math.min(...this.#history.times(op, op.tickEnd));
    const [left] = this.#eligible(state, request, now);
    if (left !== undefined) throw new Error(`nothing was begun, and ${left.id} could have been`);
  }

  #owned({ epoch }: Op, request: Taking, state: State, { owner }: DispatchEvent): void {
    if (request.kind === 'dispatch' && owner.kind === 'runner' && owner.epoch === epoch) return;
    if (request.kind === 'lease' && owner.kind === 'lease' && request.tokens.includes(owner.token)) {
      if (holder(state, owner.token) === undefined) return;
    }
    throw new Error('not begun for who asked');
  }

  #limit(state: State, group: string): number {
    if (group === '') return Number.POSITIVE_INFINITY;
    return state.limits.get(group)?.concurrency ?? this.#world.options.groupLimit ?? Number.POSITIVE_INFINITY;
  }

  /** Jobs that nothing keeps from being begun. */
  #eligible(state: State, request: Taking, now: number): Job[] {
    if (state.limits.get('')?.rate !== undefined) return [];
    return [...state.jobs.values()].filter(
      (job) =>
        wants(request, job) &&
        job.phase === 'waits' &&
        job.awaits.length === 0 &&
        (job.runAt <= now || job.runAt <= job.waitsSince) &&
        (job.expiresAt ?? Number.POSITIVE_INFINITY) > this.#history.latest(this.#world.clock.tick) &&
        !isPaused(state, job) &&
        state.limits.get(job.group)?.rate === undefined &&
        working(state, job.group) < this.#limit(state, job.group),
    );
  }

  /** Higher priority first, inside a group the order of ENQUEUE; between groups they take turns. */
  #better(state: State, request: Taking, chosen: Job, now: number): string | undefined {
    const better = this.#eligible(state, request, now).find(
      ({ priority, group, seq }) =>
        priority > chosen.priority || (priority === chosen.priority && group === chosen.group && seq < chosen.seq),
    );
    return better && `before ${better.id}`;
  }

  /** A bucket of `count` tokens that fills in `perMs`: no more since the rate was set, or since this process began. */
  #tooFast(frame: Frame, group: string): string | undefined {
    for (const scope of group === '' ? [''] : ['', group]) {
      const rate = this.#history.before(frame).limits.get(scope)?.rate;
      const mine = this.#history.frames.filter(
        ({ epoch, seqFirst }) => epoch === frame.epoch && seqFirst <= frame.seqFirst,
      );
      const set = mine.findLast((one) => this.#history.before(one).limits.get(scope)?.rate !== rate && one !== frame);
      const begun = mine
        .filter(({ op }) => (this.#world.ops[op]?.seq ?? 0) >= (set?.seqFirst ?? 0))
        .flatMap(({ events, seqFirst }) => events.map((event, index) => ({ event, seq: seqFirst + index })))
        .filter(({ event, seq }) => {
          if (event.type !== 'DISPATCH') return false;
          return scope === '' || this.#history.at(seq).jobs.get(event.id)?.group === scope;
        });
      if (rate === undefined || rate.count === 0 || !begun.some(({ seq }) => seq >= frame.seqFirst)) continue;
      const sinceMs = frame.monotonic - (set?.monotonic ?? this.#world.openedAt.get(frame.epoch) ?? 0);
      if (begun.length > rate.count + (sinceMs * rate.count) / rate.perMs + 1e-6) return `too fast for '${scope}'`;
    }
    return undefined;
  }
}

function wants(request: Taking, job: Job): boolean {
  if (request.kind === 'lease' && job.command) return false;
  return request.names === undefined || request.names.has(job.name);
}

function isPaused(state: State, { name, group }: Job): boolean {
  const { pauses } = state;
  return pauses.has('queue') || pauses.has(`name ${name}`) || (group !== '' && pauses.has(`group ${group}`));
}

function working(state: State, group: string): number {
  return [...state.jobs.values()].filter((job) => job.phase === 'works' && job.group === group).length;
}

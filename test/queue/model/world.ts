import { WalqError } from '../../../src/base/errors.ts';
import { QueueEngine } from '../../../src/queue/engine.ts';
import type { EngineOptions, Lease } from '../../../src/queue/engine-types.ts';
import type { JobSpec } from '../../../src/queue/ops/spec.ts';
import type { InFlightJob } from '../../../src/queue/state/job.ts';
import { settle } from '../support/fake-log.ts';
import type { Action, Commands, Spec, Target } from './commands.ts';
import { type Frame, ModelClock, ModelLog, seeded, underWay } from './disk.ts';
import type { Ref, Request } from './operations.ts';

/** An operation as it was seen from outside. */
export interface Op {
  readonly request: Request;
  /** Of the engine that was asked. */
  readonly epoch: number;
  /** Last seq and place in the history of the clock, when it was asked and when it answered. */
  readonly seq: number;
  readonly tick: number;
  seqEnd: number;
  tickEnd: number;
  /** Was no other operation under way between question and answer? */
  alone: boolean;
  /** 'open' for ever: the process died first. */
  outcome: 'open' | 'done' | 'refused';
  answer?: unknown;
  code?: string;
}

/** An engine, its clients and its disk, across restarts. */
export class World {
  readonly clock = new ModelClock();
  readonly frames: Frame[] = [];
  readonly ops: Op[] = [];
  /** Operations that the disk refused, and how. */
  readonly refused = new Map<number, Set<string>>();
  readonly options: EngineOptions;
  log: ModelLog;
  engine: QueueEngine;
  /** By epoch: when it was opened, monotonic ms. */
  readonly openedAt = new Map<number, number>();
  /** Since when this process runs, by the wall clock. */
  #upSinceMs: number;
  #underWay = 0;
  #epoch = 1;
  #made = 0;
  /** Every attempt and every token that was ever handed out, current or not. */
  readonly #attempts: Ref[] = [];
  readonly #tokens: string[] = [];

  constructor(options: EngineOptions) {
    this.options = options;
    this.log = new ModelLog(this.#epoch, this.clock, this.frames, this.refused);
    this.engine = this.#engineOn(this.log);
    this.#upSinceMs = this.clock.now();
  }

  get epoch(): number {
    return this.#epoch;
  }

  async play(script: Commands): Promise<void> {
    for (const { action, pause } of script) {
      await this.#run(action);
      if (pause !== 'none') await settle();
      if (pause !== 'commit') continue;
      this.log.commit();
      await settle();
    }
  }

  async #run(action: Action): Promise<void> {
    switch (action.kind) {
      case 'commit':
        return this.log.commit();
      case 'advance':
        return this.clock.advance(action.ms);
      case 'setBack':
        return this.clock.setBack(action.ms);
      case 'disk':
        return this.log.fail(action.how);
      case 'crash':
        return this.open(action.surviving);
      case 'reopen':
        await this.quiesce();
        return this.open(0);
      default:
        void this.ask(this.#request(action));
    }
  }

  /** A new process over the same disk. The old one is gone, whatever it was doing. */
  open(surviving: number): void {
    this.log.kill(surviving);
    this.#underWay = 0;
    this.log = new ModelLog(++this.#epoch, this.clock, this.frames, this.refused);
    this.engine = this.#engineOn(this.log);
    this.#upSinceMs = this.clock.now();
  }

  #engineOn(log: ModelLog): QueueEngine {
    const { machine, epoch } = log;
    this.openedAt.set(epoch, this.clock.monotonic());
    return new QueueEngine({ log, machine, clock: this.clock, random: seeded(epoch) }, this.options);
  }

  /** Lets everything under way come to its end. */
  async quiesce(): Promise<void> {
    this.log.fail(undefined);
    let idle = false;
    void this.engine.idle().then(() => {
      idle = true;
    });
    for (let round = 0; !idle || this.#underWay > 0; round++) {
      if (round > 500) throw new Error('operations do not come to an end');
      await settle();
      this.log.commit();
      // Verdicts that met a full disk try again after a second.
      if (round % 4 === 3 && !idle) this.clock.advance(1000);
    }
    if (this.engine.status().stalled !== 0) throw new Error('a verdict still waits for the disk');
  }

  /** Asks, and notes what is answered. Answers with the operation once that is known. */
  async ask(request: Request): Promise<Op> {
    const { tick } = this.clock;
    const seq = this.log.seqLast;
    const epoch = this.#epoch;
    const op: Op = { request, epoch, seq, tick, seqEnd: seq, tickEnd: tick, alone: false, outcome: 'open' };
    const index = this.ops.push(op);
    const begunAlone = this.#underWay++ === 0;
    let end: Pick<Op, 'outcome' | 'answer' | 'code'>;
    try {
      end = { outcome: 'done', answer: await underWay.run(index - 1, () => this.#call(request)) };
    } catch (error) {
      end = { outcome: 'refused', code: error instanceof WalqError ? error.code : String(error) };
    }
    // The process that was asked is dead: nobody hears the answer.
    if (epoch !== this.#epoch) return op;
    this.#underWay--;
    this.#keep(request, end.answer);
    const alone = begunAlone && this.ops.length === index;
    return Object.assign(op, end, { seqEnd: this.log.seqLast, tickEnd: this.clock.tick, alone });
  }

  async #call(request: Request): Promise<unknown> {
    const { engine } = this;
    switch (request.kind) {
      case 'enqueue':
        return await engine.enqueueMany(request.specs);
      case 'dispatch':
        return await engine.dispatch(request.names === undefined ? {} : { names: request.names });
      case 'lease': {
        const { tokens, leaseMs, names } = request;
        return await engine.lease(names === undefined ? { tokens, leaseMs } : { tokens, leaseMs, names });
      }
      case 'ack':
        return await engine.ack(request.ref);
      case 'timeout':
        return await engine.timeout(request.ref);
      case 'fail':
        return await engine.fail(request.ref, request);
      case 'giveBack':
        return await engine.giveBack(request.ref, { reason: 'stopped', delayMs: request.delayMs ?? 0 });
      case 'leased':
        return engine.leased(request.token);
      case 'extend':
        return await engine.extend(request.token, request.ms);
      case 'cancel':
        return await engine.cancel(request.id);
      case 'promote':
        return await engine.promote(request.id);
      case 'remove':
        return await engine.remove(request.id);
      case 'update':
        return await engine.update(request.id, request.change);
      case 'redrive':
        return await engine.redrive(request.id, { reset: request.reset });
      case 'redriveAll':
        return await engine.redriveAll(request.name === undefined ? {} : { name: request.name }, request.reset);
      case 'prune':
        return await engine.prune(request.request);
      case 'pause':
        return await engine.pause(request.scope);
      case 'resume':
        return await engine.resume(request.scope);
      case 'limit':
        return await engine.limit(request.limits);
      case 'schedule':
        return await engine.schedule(request.spec);
      case 'unschedule':
        return await engine.unschedule(request.id);
      case 'reclaim':
        return await engine.reclaim();
      case 'sweep':
        return await engine.sweep(request.upSinceMs);
    }
  }

  #keep({ kind }: Request, answer: unknown): void {
    if (kind === 'dispatch' && answer !== undefined) {
      const { id, dispatchSeq } = answer as InFlightJob;
      this.#attempts.push({ id, dispatchSeq });
    }
    if (kind !== 'lease') return;
    for (const { token, job } of (answer ?? []) as Lease[]) {
      this.#tokens.push(token);
      this.#attempts.push({ id: job.id, dispatchSeq: job.dispatchSeq });
    }
  }

  #request(action: Exclude<Action, { kind: 'commit' | 'advance' | 'setBack' | 'disk' | 'crash' | 'reopen' }>): Request {
    switch (action.kind) {
      case 'enqueue':
        return { kind: 'enqueue', specs: action.specs.map((spec) => this.#named(spec)) };
      case 'dispatch':
        return { ...action, names: action.names && new Set(action.names) };
      case 'lease': {
        const { kind, leaseMs, most, again } = action;
        const old = again === undefined ? [] : [this.#token(again)];
        const fresh = Array.from({ length: most }, () => `token-${String(++this.#made).padStart(10, '0')}`);
        return {
          kind,
          leaseMs,
          tokens: [...new Set([...old, ...fresh])],
          names: action.names && new Set(action.names),
        };
      }
      case 'ack':
      case 'fail': {
        const leases = [...this.engine.machine.leases()].length;
        if (!action.token || (leases === 0 && action.pick < 9)) return { ...action, ref: this.#attempt(action.pick) };
        // As somebody outside does it: by the token.
        const token = this.#token(action.pick);
        const job = this.engine.machine.lease(token);
        return job === undefined ? { kind: 'leased', token } : { ...action, ref: job };
      }
      case 'timeout':
      case 'giveBack':
        return { ...action, ref: this.#attempt(action.pick) };
      case 'extend':
        return { ...action, token: this.#token(action.pick) };
      case 'cancel':
      case 'promote':
      case 'remove':
      case 'update':
      case 'redrive':
        return { ...action, id: this.#target(action.target) };
      case 'resume':
        return { kind: 'resume', scope: chosen(action.pick, this.engine.machine.settings.pauses) ?? action.scope };
      case 'prune': {
        const { states, keep, endedAgo, target } = action.request;
        const which = states === undefined ? {} : { states };
        if (keep !== undefined) return { kind: 'prune', request: { ...which, keep } };
        if (target === undefined)
          return { kind: 'prune', request: { ...which, endedBefore: this.clock.now() - (endedAgo ?? 0) } };
        const id = this.#target(target);
        return { kind: 'prune', request: { ids: [id, this.#target({ ...target, pick: (target.pick ?? 0) + 1 }), id] } };
      }
      case 'limit':
        return { kind: 'limit', limits: { group: action.group, ...action.limits } };
      case 'schedule': {
        const { id, everyMs, missed, expireMs, payload } = action;
        const job: JobSpec = { name: 'x', group: 'g', attempts: 1, expireMs, payload };
        return { kind: 'schedule', spec: { id, rule: { kind: 'every', everyMs }, missed, job } };
      }
      case 'sweep':
        return { kind: 'sweep', upSinceMs: this.#upSinceMs };
      default:
        return action;
    }
  }

  #named({ after, ...spec }: Spec): JobSpec {
    const id = spec.id ?? `made${++this.#made}`;
    const parents = after?.map((one) => this.#target(one)).filter((parent) => parent !== id);
    return { ...spec, id, ...(parents !== undefined && { after: parents }) };
  }

  /** Mostly one that is current. */
  #attempt(pick: number): Ref {
    const current = [...this.engine.machine.inFlight()];
    return chosen(pick, current) ?? chosen(pick, this.#attempts) ?? { id: 'a', dispatchSeq: 1 };
  }

  #token(pick: number): string {
    const current = [...this.engine.machine.leases()];
    const owner = chosen(pick, current)?.owner;
    return (owner?.kind === 'lease' ? owner.token : chosen(pick, this.#tokens)) ?? 'token-that-is-a-guess';
  }

  #target({ id, pick }: Target): string {
    return (pick === undefined ? undefined : chosen(pick, this.engine.machine.list())?.id) ?? id;
  }
}

/** Sometimes nothing, although there is something. */
function chosen<T>(pick: number, from: readonly T[]): T | undefined {
  return pick === 11 ? undefined : from[pick % Math.max(1, from.length)];
}

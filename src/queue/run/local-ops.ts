import { notFoundError, usageError } from '../../base/errors.ts';
import { excerpt } from '../../base/escape.ts';
import { compactStore, refuseDamagedLog } from '../../storage/compact.ts';
import type { Store } from '../../storage/store.ts';
import type { RecoveryReport, StorageEnv } from '../../storage/types.ts';
import type { QueueEngine } from '../engine.ts';
import type { AckAnswer, Lease, LeaseRequest } from '../engine-types.ts';
import type { ControlRequest } from '../process/socket-protocol.ts';
import { payloadText } from '../state/job.ts';
import type { QueueMachine } from '../state/machine.ts';
import {
  type Answer,
  type OperationName,
  type Operations,
  type Request,
  requestShapes,
  type TakenJob,
} from './operations.ts';
import type { CallOptions, QueueOps } from './queue-ops.ts';
import { type RunnerStatus, statusOf } from './status.ts';
import { Taker } from './taker.ts';

/** The runner that works on the queue in this process. */
interface ServingRunner {
  readonly sinceMs: number;
  status(): RunnerStatus;
  drain(signal?: AbortSignal): Promise<Answer<'drain'>>;
}

type Handlers = {
  readonly [K in keyof Operations]: (request: Request<K>, signal?: AbortSignal) => Answer<K> | Promise<Answer<K>>;
};

export class LocalOps implements QueueOps {
  readonly storeId: string;
  readonly #handlers: Handlers;
  readonly #engine: QueueEngine;
  readonly #taker: Taker;

  constructor(env: StorageEnv, store: Store<QueueMachine>, engine: QueueEngine, runner?: ServingRunner) {
    this.storeId = store.id;
    // Schedules missed what came before somebody worked on the queue.
    this.#taker = new Taker(engine, env.clock, runner?.sinceMs ?? env.clock.now());
    this.#engine = engine;
    this.#handlers = {
      enqueue: async ({ jobs }) => ({ jobs: await engine.enqueueMany(jobs) }),
      cancel: ({ id, why }) => engine.cancel(id, why),
      update: ({ id, change }) => engine.update(id, change),
      promote: ({ id }) => engine.promote(id),
      remove: ({ id }) => engine.remove(id),
      redrive: ({ id, reset }) => engine.redrive(id, reset === undefined ? {} : { reset }),
      'redrive-all': async ({ reset, ...filter }) => ({ jobs: await engine.redriveAll(filter, reset) }),
      'remove-all': ({ states, ...filter }) => engine.removeAll(states, filter),
      prune: async (request) => ({ pruned: await engine.prune(request) }),
      take: async ({ tokens, leaseMs, names, waitMs = 0 }, signal) => {
        const request = { tokens, leaseMs, ...(names !== undefined && { names: new Set(names) }) };
        return { jobs: (await this.take(request, waitMs, signal)).map(takenJob) };
      },
      ack: ({ token, result }) => this.ack(token, result),
      fail: async ({ token, ...failure }) => {
        const ref = engine.leased(token);
        return { id: ref.id, ...(await engine.fail(ref, failure)) };
      },
      extend: ({ token, ms }) => engine.extend(token, ms),
      pause: ({ reason, ...scope }) => engine.pause(scope, reason),
      resume: (scope) => engine.resume(scope),
      limit: (limits) => engine.limit(limits),
      schedule: (spec) => engine.schedule(spec),
      unschedule: ({ id }) => engine.unschedule(id),
      status: () =>
        statusOf(store.machine, {
          storeId: store.id,
          seqLast: store.seqLast,
          now: env.clock.now(),
          ...(store.lastSnapshot && { snapshot: store.lastSnapshot }),
          ...(runner && { runner: runner.status(), recovery: recoveryOf(store.recovery) }),
        }),
      running: () => ({ ...(runner && { runner: runner.status() }), jobs: [...(runner?.status().active ?? [])] }),
      drain: async (_request, signal) => {
        if (runner === undefined) throw notFoundError('E_NO_RUNNER', 'no runner works on this queue');
        return await runner.drain(signal);
      },
      checkpoint: (options) => store.checkpoint(options),
      compact: (options) => compactStore(env, store, options),
      'prune-snapshots': async ({ keep }) => {
        await refuseDamagedLog(env, store.dir);
        return await store.pruneSnapshots(keep);
      },
    };
  }

  async call<K extends OperationName>(op: K, request: Request<K>, options: CallOptions = {}): Promise<Answer<K>> {
    return await this.#handlers[op](request, options.signal);
  }

  /** `take` and `ack` of this process, which come by the million. */
  take(request: LeaseRequest, waitMs: number, signal: AbortSignal | undefined): Promise<Lease[]> {
    return this.#taker.take(request, waitMs, signal);
  }

  /** Throws E_LEASE_OVER. */
  ack(token: string, result: string | undefined): Promise<AckAnswer> {
    return this.#engine.ack(this.#engine.leased(token), result === undefined ? {} : { result });
  }
}

function recoveryOf({ ms, replayed, snapshot, trimmed }: RecoveryReport): NonNullable<Answer<'status'>['recovery']> {
  return {
    ms,
    replayed,
    ...(snapshot && { snapshotSeq: snapshot.seq }),
    ...(trimmed && { trimmedBytes: trimmed.bytes }),
  };
}

function takenJob({ token, deadlineMs, job }: Lease): TakenJob {
  const payload = payloadText(job);
  return {
    token,
    id: job.id,
    name: job.options.name,
    ...(payload !== undefined && { payload }),
    attempt: job.attempt,
    attemptsMax: job.options.maxAttempts,
    deadlineMs,
  };
}

/**
 * One request of another shell, carried out here. It comes from outside: an unknown operation and a body of another
 * shape are usage errors.
 */
export async function carryOut(ops: QueueOps, request: ControlRequest, signal: AbortSignal): Promise<unknown> {
  const { op, body } = request;
  if (!isOperation(op)) {
    throw usageError('E_CONTROL_OP', `the runner does not know the operation '${excerpt(op)}'`, {
      next: 'the runner may be of an older walq: stop it and start it again',
    });
  }
  return await checkedCall(ops, op, body, signal);
}

function checkedCall<K extends OperationName>(ops: QueueOps, op: K, body: unknown, signal: AbortSignal) {
  const request = requestShapes[op](body, '', (message) => usageError('E_CONTROL_BODY', `${op}: ${excerpt(message)}`));
  return ops.call(op, request, { signal });
}

function isOperation(op: string): op is OperationName {
  return Object.hasOwn(requestShapes, op);
}

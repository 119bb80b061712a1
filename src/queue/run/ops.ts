import { usageError } from '../../base/errors.ts';
import { type CompactResult, compactStore } from '../../storage/compact.ts';
import type { RetentionPlan } from '../../storage/retention.ts';
import type { Store } from '../../storage/store.ts';
import type { CheckpointResult, StorageEnv } from '../../storage/types.ts';
import type { QueueEngine } from '../engine.ts';
import type { EnqueueAnswer, PruneRequest } from '../engine-types.ts';
import type { QueueMachine } from '../machine.ts';
import type { ControlRequest } from '../process/socket-protocol.ts';
import type { JobSpec } from '../spec.ts';
import { type StatusReport, statusOf } from './status.ts';

/**
 * What other commands ask of a queue. The same operations whether this process holds the store (`LocalOps`) or a
 * runner elsewhere does (`RemoteOps`, over its socket): same code path, same result.
 */
export interface QueueOps {
  /** Hex. */
  readonly storeId: string;
  /** All in one frame, or none. */
  enqueue(specs: readonly JobSpec[]): Promise<EnqueueAnswer[]>;
  status(): Promise<StatusReport>;
  checkpoint(options: { keep?: number; clean?: boolean }): Promise<CheckpointResult>;
  compact(options: { keep: number }): Promise<CompactResult>;
  pruneSnapshots(options: { keep: number }): Promise<RetentionPlan>;
  /** Answers how many jobs were forgotten. */
  prune(request: PruneRequest): Promise<number>;
}

export class LocalOps implements QueueOps {
  readonly #env: StorageEnv;
  readonly #store: Store<QueueMachine>;
  readonly #engine: QueueEngine;

  constructor(env: StorageEnv, store: Store<QueueMachine>, engine: QueueEngine) {
    this.#env = env;
    this.#store = store;
    this.#engine = engine;
  }

  get storeId(): string {
    return this.#store.id;
  }
  enqueue(specs: readonly JobSpec[]): Promise<EnqueueAnswer[]> {
    return this.#engine.enqueueMany(specs);
  }
  async status(): Promise<StatusReport> {
    return statusOf(this.#engine.machine, {
      storeId: this.#store.id,
      seqLast: this.#store.seqLast,
      now: this.#env.clock.now(),
      ...(this.#store.lastSnapshot && { snapshot: this.#store.lastSnapshot }),
    });
  }
  checkpoint(options: { keep?: number; clean?: boolean }): Promise<CheckpointResult> {
    return this.#store.checkpoint(options);
  }
  compact(options: { keep: number }): Promise<CompactResult> {
    return compactStore(this.#env, this.#store, options);
  }
  pruneSnapshots(options: { keep: number }): Promise<RetentionPlan> {
    return this.#store.pruneSnapshots(options.keep);
  }
  prune(request: PruneRequest): Promise<number> {
    return this.#engine.prune(request);
  }
}

/**
 * One request of another shell, carried out here. Bodies come from outside: what is not of the expected shape is a
 * usage error.
 */
export async function carryOut(ops: QueueOps, request: ControlRequest): Promise<unknown> {
  const body = request.body;
  switch (request.op) {
    case 'enqueue':
      return { jobs: await ops.enqueue(specsIn(body.jobs)) };
    case 'status':
      return await ops.status();
    case 'checkpoint':
      return await ops.checkpoint({
        ...keepIn(body.keep),
        ...(typeof body.clean === 'boolean' && { clean: body.clean }),
      });
    case 'compact':
      return await ops.compact({ keep: keepIn(body.keep).keep ?? 2 });
    case 'prune-snapshots':
      return await ops.pruneSnapshots({ keep: keepIn(body.keep).keep ?? 2 });
    case 'prune':
      return { pruned: await ops.prune(pruneIn(body)) };
    default:
      throw usageError('E_CONTROL_OP', `the runner does not know the operation '${request.op}'`, {
        next: 'the runner may be of an older walq: stop it and start it again',
      });
  }
}

/** Of one request: they are one frame, nobody else has a turn meanwhile, and the answer must fit a message. */
const jobsMax = 5000;

type FieldKind = 'string' | 'number' | 'strings';

const specFields: Readonly<Record<keyof JobSpec, FieldKind>> = {
  id: 'string',
  name: 'string',
  payload: 'string',
  priority: 'number',
  attempts: 'number',
  timeoutMs: 'number',
  delayMs: 'number',
  runAt: 'number',
  backoff: 'string',
  command: 'strings',
};

function specsIn(value: unknown): JobSpec[] {
  if (!Array.isArray(value) || value.length === 0) throw badBody('jobs must be a list');
  if (value.length > jobsMax)
    throw badBody(`${value.length} jobs are too many for one request, allowed are ${jobsMax}`);
  return value.map((job: unknown) => {
    if (typeof job !== 'object' || job === null) throw badBody('a job must be an object');
    const members = Object.entries(job);
    for (const [key, member] of members) {
      if (!Object.hasOwn(specFields, key)) throw badBody(`a job has no field '${key}'`);
      if (!isOf(specFields[key as keyof JobSpec], member)) throw badBody(`field '${key}' is of a wrong type`);
    }
    return Object.fromEntries(members) as JobSpec;
  });
}

function isOf(kind: FieldKind, value: unknown): boolean {
  if (kind === 'strings') return Array.isArray(value) && value.every((part) => typeof part === 'string');
  return typeof value === kind;
}

function keepIn(value: unknown): { keep?: number } {
  if (value === undefined) return {};
  if (!Number.isSafeInteger(value) || Number(value) < 1) throw badBody('keep must be a whole number from 1');
  return { keep: Number(value) };
}

function pruneIn(body: Readonly<Record<string, unknown>>): PruneRequest {
  const { ids, endedBefore, keep, states } = body;
  const request: PruneRequest = {};
  if (ids !== undefined) {
    if (!isOf('strings', ids)) throw badBody('ids must be a list of texts');
    request.ids = ids as string[];
  }
  if (typeof endedBefore === 'number') request.endedBefore = endedBefore;
  if (typeof keep === 'number') request.keep = keep;
  if (states !== undefined) {
    const known = Array.isArray(states) && states.every((state) => state === 'completed' || state === 'dead');
    if (!known) throw badBody('states may be completed and dead');
    request.states = states as ('completed' | 'dead')[];
  }
  return request;
}

function badBody(message: string): Error {
  return usageError('E_CONTROL_BODY', `request to the runner: ${message}`);
}

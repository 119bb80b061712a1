import type { CompactResult } from '../../storage/compact.ts';
import type { RetentionPlan } from '../../storage/retention.ts';
import type { CheckpointResult } from '../../storage/types.ts';
import type { EnqueueAnswer, PruneRequest } from '../engine-types.ts';
import type { ControlClient } from '../process/socket-client.ts';
import type { JobSpec } from '../spec.ts';
import type { QueueOps } from './ops.ts';
import type { StatusReport } from './status.ts';

/** The queue of a runner in another process. Whatever it asks rejects with E_CONNECTION_LOST when that one goes. */
export class RemoteOps implements QueueOps {
  readonly #client: ControlClient;

  constructor(client: ControlClient) {
    this.#client = client;
  }

  get storeId(): string {
    return this.#client.storeId;
  }
  async enqueue(specs: readonly JobSpec[]): Promise<EnqueueAnswer[]> {
    const { jobs } = (await this.#client.request('enqueue', { jobs: specs })) as { jobs: EnqueueAnswer[] };
    return jobs;
  }
  async status(options: { timeoutMs?: number } = {}): Promise<StatusReport> {
    return (await this.#client.request('status', {}, options)) as StatusReport;
  }
  async checkpoint(options: { keep?: number; clean?: boolean }): Promise<CheckpointResult> {
    return (await this.#client.request('checkpoint', options)) as CheckpointResult;
  }
  async compact(options: { keep: number }): Promise<CompactResult> {
    return (await this.#client.request('compact', options)) as CompactResult;
  }
  async pruneSnapshots(options: { keep: number }): Promise<RetentionPlan> {
    return (await this.#client.request('prune-snapshots', options)) as RetentionPlan;
  }
  async prune(request: PruneRequest): Promise<number> {
    const { pruned } = (await this.#client.request('prune', { ...request })) as { pruned: number };
    return pruned;
  }
  close(): void {
    this.#client.close();
  }
}

import type { Answer, OperationName, Request } from './operations.ts';

/**
 * What other commands ask of a queue. The same operations whether this process holds the store (`LocalOps`) or a
 * runner elsewhere does (`RemoteOps`, over its socket): same code path, same result.
 */
export interface QueueOps {
  /** Hex. */
  readonly storeId: string;
  call<K extends OperationName>(op: K, request: Request<K>, options?: CallOptions): Promise<Answer<K>>;
}

export interface CallOptions {
  /** Ends long waits; without one nothing waits for long. Of the side that carries the request out. */
  signal?: AbortSignal;
  /** How long to wait for the answer. Of the side that asks. Default: for ever. */
  timeoutMs?: number;
}

import type { ControlClient } from '../process/socket-client.ts';
import type { Answer, OperationName, Request } from './operations.ts';
import type { CallOptions, QueueOps } from './queue-ops.ts';

/** The queue of a runner in another process. Whatever it asks rejects with E_CONNECTION_LOST when that one goes. */
export class RemoteOps implements QueueOps {
  readonly #client: ControlClient;

  constructor(client: ControlClient) {
    this.#client = client;
  }

  get storeId(): string {
    return this.#client.storeId;
  }

  async call<K extends OperationName>(op: K, request: Request<K>, options: CallOptions = {}): Promise<Answer<K>> {
    const { timeoutMs } = options;
    return (await this.#client.request(op, { ...request }, timeoutMs === undefined ? {} : { timeoutMs })) as Answer<K>;
  }

  close(): void {
    this.#client.close();
  }
}

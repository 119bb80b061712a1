import { onTestFinished } from 'vitest';
import { type OpenQueueOptions, openQueue, type Queue } from '../../../src/index.ts';
import { scratch } from '../../cli/run-walq.ts';

/** A queue in a folder of its own, closed after the test. */
export async function newQueue<Payloads extends object = Record<string, unknown>>(
  options: OpenQueueOptions & { dir?: string } = {},
): Promise<Queue<Payloads> & { dir: string }> {
  const { dir = `${scratch()}/store`, ...rest } = options;
  const queue = await openQueue<Payloads>(dir, rest);
  onTestFinished(() => queue.close());
  return Object.assign(queue, { dir });
}

/** What an operation is refused with. */
export async function codeOf(operation: Promise<unknown>): Promise<unknown> {
  try {
    await operation;
    return undefined;
  } catch (error) {
    return error instanceof Error && 'code' in error ? error.code : error;
  }
}

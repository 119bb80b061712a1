import type { QueueEvent } from '../../../src/queue/events/event-types.ts';
import { encodeEvent } from '../../../src/queue/events/events.ts';
import type { QueueMachine } from '../../../src/queue/state/machine.ts';
import type { Store } from '../../../src/storage/store.ts';
import { packed } from '../../../src/storage/wal/records.ts';
import { open } from '../../cli/make-store.ts';
import { scratch } from '../../cli/run-walq.ts';

/** A new store with exactly these events, each in a frame of its own; `more` is done to it before it is closed. */
export async function storeOf(
  events: readonly QueueEvent[],
  more: (store: Store<QueueMachine>) => Promise<unknown> = async () => {},
): Promise<string> {
  const dir = `${scratch()}/store`;
  const store = await open(dir);
  for (const event of events) await store.append(packed([encodeEvent(event)]));
  await more(store);
  await store.close();
  return dir;
}

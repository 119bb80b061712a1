import { enqueueDefaults, type QueueEvent } from '../../src/queue/events/event-types.ts';
import { encodeEvent } from '../../src/queue/events/events.ts';
import { type SimEnv, simEnv } from '../support/env.ts';
import { exported, source, storeOf } from './support.ts';

/** A small store with a bit of everything, on a simulated disk, and what is exported of it. */

const at = 1_764_000_000_000;

function enqueue(id: string, more: Partial<QueueEvent> = {}): QueueEvent {
  const payload = Buffer.from(`{"id":${JSON.stringify(id)},"big":9007199254740993}`);
  return { type: 'ENQUEUE', id, at, ...enqueueDefaults, runAt: at, payload, ...more } as QueueEvent;
}

const sampleWrites: readonly (readonly QueueEvent[])[] = [
  [enqueue('a'), enqueue('b\u2028 "x"'), enqueue('c')],
  [{ type: 'PAUSE', id: '', at, group: 'g', reason: 'why not' }],
  [{ type: 'LIMIT', id: '', at, group: 'g', concurrency: 2 }],
  [{ type: 'DISPATCH', id: 'a', at, attempt: 1, owner: { kind: 'lease', token: 't', deadlineMs: at + 5 } }],
  [
    { type: 'TIMEOUT', id: 'a', at },
    { type: 'RETRY', id: 'a', at, runAt: at + 9, reason: 'timeout', refund: false, reset: false, error: 'too "slow"' },
  ],
  [{ type: 'DISPATCH', id: 'c', at, attempt: 1, owner: { kind: 'runner', epoch: 7 } }],
  [{ type: 'ACK', id: 'c', at, durationMs: 3, result: Buffer.from('[1,2]') }],
  [enqueue('d')],
];

/** Cleaned: the log begins with seq 7, on the state at seq 8. */
export async function sample(options: { cleaned: boolean }): Promise<{ env: SimEnv; text: string }> {
  const env = simEnv();
  const writes = sampleWrites.map((events) => events.map((event) => Uint8Array.from(encodeEvent(event))));
  const snapshots = options.cleaned ? [{ after: 5, clean: true }] : [];
  await storeOf(env, writes, { segmentBytes: 200, snapshots });
  return { env, text: (await exported(env, source)).text };
}

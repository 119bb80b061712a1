import { enqueueDefaults, type QueueEvent } from '../../src/queue/events/event-types.ts';
import { encodeEvent } from '../../src/queue/events/events.ts';
import { packed } from '../../src/storage/wal/records.ts';
import { firstMs, open } from '../cli/make-store.ts';

/** A store of these events, a thousand in a frame. */
export async function storeOfEvents(dir: string, events: (epoch: number) => Iterable<QueueEvent>): Promise<void> {
  const store = await open(dir);
  let records: Uint8Array[] = [];
  for (const event of events(store.epoch)) {
    records.push(encodeEvent(event));
    if (records.length < 1000) continue;
    await store.append(packed(records));
    records = [];
  }
  if (records.length > 0) await store.append(packed(records));
  await store.close();
}

/** Job after job: ENQUEUE, DISPATCH, then ACK, or RETRY and so on. `events` of them, in a few hours. */
export function* manyEvents(epoch: number, events: number): Generator<QueueEvent> {
  const owner = { kind: 'runner', epoch } as const;
  let at = firstMs;
  let made = 0;
  for (let job = 1; made < events; job++) {
    const id = `job-${String(job).padStart(6, '0')}`;
    at += 40 + (job % 97);
    yield { type: 'ENQUEUE', id, at, ...enqueueDefaults, name: ['mail', 'report', 'charge'][job % 3] ?? '', runAt: at };
    yield { type: 'DISPATCH', id, at: at + (job % 50), attempt: 1, owner };
    if (job % 10 === 0) {
      const error = `no route to host ${job}`;
      yield { type: 'RETRY', id, at: at + 60, runAt: at + 70, reason: 'failed', refund: false, reset: false, error };
      yield { type: 'DISPATCH', id, at: at + 80, attempt: 2, owner };
      yield { type: 'DEAD', id, at: at + 90, reason: 'attempts', exitCode: 1 };
      made += 5;
    } else {
      yield { type: 'ACK', id, at: at + 60 + (job % 30), durationMs: 10 + (job % 30) };
      made += 3;
    }
  }
}

export const hostile = {
  close: '</script><script>window.owned = 1</script>',
  image: '<img src=x onerror="window.owned = 2">',
  svg: '<svg/onload=window.owned=3>',
  attribute: '" onmouseover="window.owned = 4" x="',
  comment: '<!--<script>',
  entity: '&lt;b&gt;&#x3c;',
  bidi: '\u202edetrevni\u2066',
  prototype: '__proto__',
  quote: "'`);window.owned = 5;//",
};

/** Jobs whose ids, names, groups, errors and payloads are such texts. */
export function* hostileEvents(epoch: number): Generator<QueueEvent> {
  let at = firstMs;
  for (const text of Object.values(hostile)) {
    at += 1000;
    const payload = Buffer.from(JSON.stringify({ text, secret: 'swordfish' }));
    yield { type: 'ENQUEUE', id: text, at, ...enqueueDefaults, name: text, group: text, key: text, runAt: at, payload };
    yield { type: 'DISPATCH', id: text, at: at + 1, attempt: 1, owner: { kind: 'runner', epoch } };
    yield { type: 'DEAD', id: text, at: at + 2, reason: text.slice(0, 40), error: text, signal: 'SIGKILL' };
  }
  yield { type: 'PAUSE', id: '', at: at + 5000, name: hostile.image, reason: hostile.close };
}

import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { logEvent } from '../../src/queue/api/log-event.ts';
import { decodeEvent, encodeEvent } from '../../src/queue/events/events.ts';
import { eventArbitrary } from './support/arbitrary.ts';

/** All objects in a value. */
function objectsIn(value: unknown): object[] {
  return typeof value === 'object' && value !== null ? [value, ...Object.values(value).flatMap(objectsIn)] : [];
}

test('what is handed out shares nothing with the event, nor with the bytes it was read from', async () => {
  await fc.assert(
    fc.property(eventArbitrary, (event) => {
      const record = Uint8Array.from(encodeEvent(event));
      const read = decodeEvent(record);
      const handedOut = logEvent(read, 7);
      const inside = new Set(objectsIn(read));
      expect(objectsIn(handedOut).filter((each) => inside.has(each))).toEqual([]);
      const before = structuredClone(handedOut);
      record.fill(0xff);
      expect(handedOut).toEqual(before);
    }),
  );
});

test('fields of a later version are there, as they were written', () => {
  const extra = [{ tag: 70, value: Buffer.from('later') }];
  const record = encodeEvent({ type: 'PAUSE', id: '', at: 1, name: 'mail', extra });
  expect(logEvent(decodeEvent(record), 7)).toEqual({
    ...{ type: 'PAUSE', id: '', at: 1, name: 'mail', seq: 7 },
    extra: [{ tag: 70, value: Uint8Array.from(Buffer.from('later')) }],
  });
});

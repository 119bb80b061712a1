import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { asBuffer } from '../../src/base/bytes.ts';
import type { QueueEvent } from '../../src/queue/events/event-types.ts';
import { encodeEvent, packEvents } from '../../src/queue/events/events.ts';
import type { Packed } from '../../src/queue/events/packed.ts';
import { RecordWriter } from '../../src/queue/events/record-writer.ts';
import { joined, PackedRecords, packed } from '../../src/storage/wal/records.ts';
import { eventArbitrary } from './support/arbitrary.ts';
import { recordsIn } from './support/known.ts';
import { dispatch, enqueue } from './support/machines.ts';

function hexOf(records: readonly Uint8Array[]): string[] {
  return records.map((record) => Buffer.from(record).toString('hex'));
}

function allIn(bytes: Uint8Array, count: number): string[] {
  return hexOf(recordsIn({ bytes: asBuffer(bytes), from: 0, to: bytes.length, count }));
}

describe('events packed for a frame', () => {
  type Step = 'fail' | { alone: QueueEvent } | { together: QueueEvent[] } | { around: number };
  const step: fc.Arbitrary<Step> = fc.oneof(
    fc.constant('fail' as const),
    fc.record({ alone: eventArbitrary }),
    fc.record({ together: fc.array(eventArbitrary, { minLength: 1, maxLength: 5 }) }),
    // Lengths of one, two and three bytes, and more than the buffer that records are built in.
    fc.record({ around: fc.constantFrom(60, 100, 127, 20_000, 40_000) }),
  );

  function eventsOf(step: Exclude<Step, 'fail'>): QueueEvent<Packed>[] {
    if ('around' in step) {
      const large = { ...enqueue('b'), payload: `"${'x'.repeat(step.around)}"` } as QueueEvent<Packed>;
      return [enqueue('a'), large, dispatch('c')];
    }
    return ('alone' in step ? [step.alone] : step.together) as QueueEvent<Packed>[];
  }

  test('are the records that they are alone, after whatever calls, and stay what they were', () => {
    void fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 30 }), (steps) => {
        const made: { now: () => string[]; before: string[] }[] = [];
        for (const step of steps) {
          if (step === 'fail') {
            // The second of them cannot be written: the first is nobody's then.
            const odd = { ...dispatch('x'), attempt: -1 };
            expect(() => packEvents([enqueue('left behind'), odd])).toThrow(/attempt/);
            continue;
          }
          const events = eventsOf(step);
          const run = packEvents(events);
          const alone = events.map((event) => encodeEvent(event));
          made.push({ now: () => hexOf(recordsIn(run)), before: hexOf(alone) });
          made.push({ now: () => hexOf(alone), before: hexOf(alone) });
        }
        for (const { now, before } of made) expect(now()).toEqual(before);
      }),
      { numRuns: 300 },
    );
  });

  test('hold nothing of an operation that cannot be written', () => {
    const odd = { ...dispatch('x'), attempt: -1 };
    expect(() => packEvents([enqueue('left behind'), odd])).toThrow(/attempt/);
    const { bytes, from, to, count } = packEvents([dispatch('a')]);
    expect(count).toBe(1);
    expect(to - from).toBe(1 + encodeEvent(dispatch('a')).length);
    expect(allIn(bytes.subarray(from, to), 1)).toEqual(hexOf([encodeEvent(dispatch('a'))]));
  });

  test('of a large operation keep no memory for the small ones that follow', () => {
    const large = { ...enqueue('b'), payload: `"${'x'.repeat(1_000_000)}"` } as QueueEvent<Packed>;
    const kept = packEvents([large]);
    const small = packEvents([dispatch('a')]);
    expect(small.bytes.length).toBe(32 * 1024);
    expect(hexOf(recordsIn(small))).toEqual(hexOf([encodeEvent(dispatch('a'))]));
    expect(hexOf(recordsIn(kept))).toEqual(hexOf([encodeEvent(large)]));
  });

  test('lie one behind the other, so that a commit copies nothing', () => {
    packEvents([dispatch('a')]);
    const runs = Array.from({ length: 20 }, (_, n) => packEvents([dispatch(`job ${n}`), dispatch(`more ${n}`)]));
    const whole = joined(runs);
    expect(whole.buffer).toBe(runs[0]?.bytes.buffer);
    expect(allIn(whole, 40)).toEqual(runs.flatMap((run) => hexOf(recordsIn(run))));
  });
});

describe('at the end of the buffer that records are built in', () => {
  const numberMax = Number.MAX_SAFE_INTEGER;
  const places = Array.from({ length: 700 }, (_, back) => 32 * 1024 - back);

  /** Records up to about `place`, of which the last one is short. */
  function filled(place: number): RecordWriter {
    const writer = new RecordWriter();
    for (const bytes of [place - 60, 10]) {
      writer.begin(1, 'a', 1);
      writer.text(1, 'x'.repeat(bytes), bytes, 'filler');
      writer.add();
    }
    return writer;
  }

  function lastOf(writer: RecordWriter): string {
    return hexOf(recordsIn(writer.take())).at(-1) ?? '';
  }

  test.each<[string, (writer: RecordWriter) => void]>([
    [
      'whose length takes a byte more than that of the one before',
      (writer) => {
        writer.begin(1, 'a', 1);
        writer.text(1, 'x'.repeat(400), 400, 'text');
        writer.int(2, numberMax, numberMax, 'number');
      },
    ],
    ['of a long id and a late time', (writer) => writer.begin(1, 'i'.repeat(256), numberMax)],
  ])('a record %s is whole', (_, write) => {
    const wanted = new RecordWriter();
    write(wanted);
    const hex = hexOf([wanted.finish()])[0];
    for (const place of places) {
      const writer = filled(place);
      write(writer);
      writer.add();
      expect(lastOf(writer), `at ${place}`).toBe(hex);
    }
  });
});

describe('packed records', () => {
  /** In one buffer, one operation behind the other. */
  function packedTogether(lists: readonly Uint8Array[][]): PackedRecords[] {
    const { bytes } = packed(lists.flat());
    let to = 0;
    return lists.map((list) => {
      const from = to;
      to += packed(list).to;
      return new PackedRecords(bytes, from, to, list.length);
    });
  }

  test('joined are all of them in order, from one buffer or from many', () => {
    const text = fc.string({ minLength: 1, maxLength: 300 });
    const operations = fc.array(fc.array(text, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 8 });
    void fc.assert(
      fc.property(operations, (given) => {
        const records = given.map((list) => list.map((text) => Buffer.from(`r${text}`)));
        const inOrder = hexOf(records.flat());
        const apart = records.map(packed);
        expect(allIn(joined(apart), inOrder.length)).toEqual(inOrder);
        const together = packedTogether(records);
        expect(allIn(joined(together), inOrder.length)).toEqual(inOrder);
        expect(allIn(joined([...together, ...apart]), 2 * inOrder.length)).toEqual([...inOrder, ...inOrder]);
        // The same buffer, but one before the other.
        const backwards = hexOf([...records].reverse().flat());
        expect(allIn(joined([...together].reverse()), inOrder.length)).toEqual(backwards);
      }),
    );
  });

  test('of two buffers are not taken for neighbours by their places', () => {
    const one = packed([Buffer.from('one')]);
    const [, three] = packedTogether([[Buffer.from('two')], [Buffer.from('three')]]);
    if (three === undefined) throw new Error('two operations were packed');
    expect(three.from).toBe(one.to);
    expect(allIn(joined([one, three]), 2)).toEqual(hexOf([Buffer.from('one'), Buffer.from('three')]));
  });

  test.each([
    ['an empty one', [Buffer.from('a'), Buffer.alloc(0)]],
    ['one that begins with 0', [Buffer.from('\0a')]],
  ])('%s is none', (_, records) => {
    expect(() => packed(records)).toThrow(RangeError);
  });
});

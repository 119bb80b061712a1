import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { entryLine, parseEntryLine } from '../../src/commands/entry-line.ts';
import { eventLine, parseEventLine } from '../../src/commands/event-line.ts';
import { LineFault } from '../../src/commands/line-members.ts';
import { encodeEvent } from '../../src/queue/events/events.ts';
import { encodeJob, encodeTotals } from '../../src/queue/state/job-codec.ts';
import { encodeSetting } from '../../src/queue/state/setting-codec.ts';
import { noTotals } from '../../src/queue/state/totals.ts';
import { eventArbitrary } from '../queue/support/arbitrary.ts';
import { jobArbitrary, settingArbitrary } from '../queue/support/arbitrary-entries.ts';

const numRuns = 2000;
const bytesArbitrary = fc.uint8Array({ minLength: 1, maxLength: 60 });
const seqArbitrary = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });

describe('a line of an export', () => {
  it('gives back every event of every type, byte for byte', () => {
    const types = new Set<string>();
    const property = fc.property(
      eventArbitrary,
      seqArbitrary,
      fc.integer({ min: 1, max: 99 }),
      (event, seq, commit) => {
        types.add(event.type);
        const record = Uint8Array.from(encodeEvent(event));
        const line = eventLine(seq, record, commit);
        expect(line).not.toMatch(/[\r\n]/);
        const again = parseEventLine(line);
        expect({ ...again, record: Buffer.from(again.record) }).toEqual({ seq, record: Buffer.from(record), commit });
      },
    );
    void fc.assert(property, { numRuns });
    expect(types.size).toBe(16);
  });

  it('says every field in words, unless a newer walq wrote one that this one does not know', () => {
    void fc.assert(
      fc.property(eventArbitrary, (event) => {
        const line = eventLine(1, Uint8Array.from(encodeEvent(event)));
        expect(line.includes('"raw":')).toBe(event.extra !== undefined);
      }),
      { numRuns: 500 },
    );
  });

  it('gives back bytes that are no event of ours', () => {
    const property = fc.property(bytesArbitrary, (record) => {
      const { record: again } = parseEventLine(eventLine(7, record));
      expect(Buffer.from(again)).toEqual(Buffer.from(record));
    });
    void fc.assert(property, { numRuns });
  });

  it.each([
    ['no JSON', '{'],
    ['a line break between tokens', '{\n"a":1}'],
    ['space between tokens', '[1, 2]'],
    ['nested too deeply', `${'['.repeat(129)}${']'.repeat(129)}`],
    ['bytes that are no UTF-8', '\xff'],
  ])('keeps a payload that is no compact JSON as it is: %s', (_, text) => {
    const payload = Buffer.from(text, 'latin1');
    const record = Uint8Array.from(encodeEvent({ type: 'ACK', id: 'a', at: 1, result: payload }));
    const line = eventLine(1, record);
    expect(line).toMatch(/^\{"seq":1,"type":"ACK","job":"a","timeMs":1,"raw":"[A-Za-z0-9+/=]+"\}$/);
    expect(Buffer.from(parseEventLine(line).record)).toEqual(Buffer.from(record));
  });

  it('keeps numbers, key order and doubled keys of a payload, 128 levels deep', () => {
    for (const text of ['{"b":9007199254740993,"a":1e400,"b":-0}', `${'['.repeat(128)}${']'.repeat(128)}`]) {
      const line = eventLine(1, encodeEvent({ type: 'ACK', id: 'a', at: 1, result: Buffer.from(text) }));
      expect(line).toBe(`{"seq":1,"type":"ACK","job":"a","timeMs":1,"result":${text}}`);
      expect(eventLine(1, parseEventLine(line).record)).toBe(line);
    }
  });

  it('gives back every entry of a snapshot, byte for byte', () => {
    const entries = fc.oneof(
      jobArbitrary.map(encodeJob),
      settingArbitrary.map(encodeSetting),
      fc
        .record({ enqueued: seqArbitrary, expired: seqArbitrary })
        .map((some) => encodeTotals({ ...noTotals(), ...some })),
    );
    const property = fc.property(entries, (view) => {
      const entry = Uint8Array.from(view);
      const line = entryLine(entry);
      expect(line).not.toMatch(/[\r\n]|"raw"/);
      expect(Buffer.from(parseEntryLine(line))).toEqual(Buffer.from(entry));
    });
    void fc.assert(property, { numRuns });
  });

  it('gives back bytes that are no entry of ours', () => {
    const property = fc.property(bytesArbitrary, (entry) => {
      expect(Buffer.from(parseEntryLine(entryLine(entry)))).toEqual(Buffer.from(entry));
    });
    void fc.assert(property, { numRuns });
  });
});

describe('a line that somebody changed', () => {
  const line = '{"seq":3,"type":"RETRY","job":"a","timeMs":5,"reason":"failed","runAt":9,"exitCode":1}';

  it.each([
    [line.replace('"seq":3,', ''), 'has no "seq"', 0],
    [line.replace('"timeMs":5', '"timeMs":-5'), 'at must be a whole number', 0],
    [line.replace('5,', '5.5,'), '"timeMs" is no whole number', 34],
    [line.replace('RETRY', 'RETRIED'), "'RETRIED' is no type of event", 9],
    [line.replace('"failed"', '7'), '"reason" is no text', 45],
    [line.replace('"seq"', ' "seq"'), 'is not as an export writes it', 1],
    [line.replace('"exitCode":1', '"exitCode":1,"more":1'), 'is not as an export writes it', 85],
    [line.replace('"runAt":9', '"runAt":9,"runAt":9'), 'is not as an export writes it', 74],
    [`${line}\r`, 'is not as an export writes it', 86],
    [line.slice(0, 50), 'not valid JSON', 50],
    ['[]', 'not valid JSON', 0],
    ['', 'not valid JSON', 0],
  ])('is refused with the place: %s', (text, message, at) => {
    const error = catchFault(() => parseEventLine(text));
    expect({ message: error.message, at: error.at }).toEqual({ message: expect.stringContaining(message), at });
  });

  it('is never taken for another event, whatever character was changed', () => {
    void fc.assert(
      fc.property(eventArbitrary, fc.nat(), fc.constantFrom('0', '"', 'x', ' ', '}', ''), (event, place, character) => {
        const whole = eventLine(4, encodeEvent(event));
        const at = place % whole.length;
        const changed = whole.slice(0, at) + character + whole.slice(at + 1);
        let again: ReturnType<typeof parseEventLine>;
        try {
          again = parseEventLine(changed);
        } catch (error) {
          expect(error).toBeInstanceOf(LineFault);
          return;
        }
        expect(eventLine(again.seq, again.record, again.commit)).toBe(changed);
      }),
      { numRuns },
    );
  });
});

function catchFault(run: () => unknown): LineFault {
  try {
    run();
  } catch (error) {
    if (error instanceof LineFault) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LineReader } from '../../src/formats/lines.ts';
import { sourceOf } from '../support/source.ts';

interface Seen {
  kind: string;
  offset: number;
  length: number;
  terminated: boolean;
  text?: string;
}

async function pieces(content: Uint8Array | string, lineMax?: number, chunk?: number): Promise<Seen[]> {
  const reader = new LineReader(sourceOf(content, { step: chunk }), lineMax);
  const seen: Seen[] = [];
  while (await reader.fill()) {
    while (reader.next()) {
      const { kind, offset, length, terminated, buffer, start, end } = reader;
      const text = kind === 'line' ? { text: buffer.toString('latin1', start, end) } : {};
      seen.push({ kind, offset, length, terminated, ...text });
    }
  }
  expect(reader.bytes).toBe(Buffer.byteLength(Buffer.from(content)));
  return seen;
}

/** The same by the simplest means: everything in memory. */
function expected(content: Buffer, lineMax: number): Seen[] {
  const seen: Seen[] = [];
  let at = 0;
  while (at < content.length) {
    let end = at;
    if (content[at] === 0) {
      while (content[end] === 0) end++;
      seen.push({ kind: 'zeros', offset: at, length: end - at, terminated: false });
      at = end;
      continue;
    }
    const newline = content.indexOf(10, at);
    end = newline < 0 ? content.length : newline;
    const line = { offset: at, length: end - at, terminated: newline >= 0 };
    if (end - at > lineMax) seen.push({ kind: 'oversized', ...line });
    else seen.push({ kind: 'line', ...line, text: content.toString('latin1', at, end) });
    at = newline < 0 ? end : end + 1;
  }
  return seen;
}

describe('LineReader', () => {
  it('cuts lines, empty ones and an open last one included', async () => {
    expect(await pieces('a\n\nbc')).toEqual([
      { kind: 'line', offset: 0, length: 1, terminated: true, text: 'a' },
      { kind: 'line', offset: 2, length: 0, terminated: true, text: '' },
      { kind: 'line', offset: 3, length: 2, terminated: false, text: 'bc' },
    ]);
    expect(await pieces('')).toEqual([]);
    expect(await pieces('\n')).toHaveLength(1);
  });

  it('makes a run of NULs where a line should begin a piece of its own, however long', async () => {
    expect(await pieces(`a\n${'\0'.repeat(5000)}b\0c\n\0`, 100, 64)).toEqual([
      { kind: 'line', offset: 0, length: 1, terminated: true, text: 'a' },
      { kind: 'zeros', offset: 2, length: 5000, terminated: false },
      { kind: 'line', offset: 5002, length: 3, terminated: true, text: 'b\0c' },
      { kind: 'zeros', offset: 5006, length: 1, terminated: false },
    ]);
  });

  it('skips a line over the limit without keeping it', async () => {
    const seen = await pieces(`a\n${'x'.repeat(1000)}\nb\n${'y'.repeat(999)}`, 100, 50);
    expect(seen.map(({ kind, offset, length, terminated }) => [kind, offset, length, terminated])).toEqual([
      ['line', 0, 1, true],
      ['oversized', 2, 1000, true],
      ['line', 1003, 1, true],
      ['oversized', 1005, 999, false],
    ]);
  });

  it('reads a line that is longer than its buffer but within the limit', async () => {
    const long = 'z'.repeat(3 << 20);
    const seen = await pieces(`${long}\nb`);
    expect(seen.map(({ kind, length }) => [kind, length])).toEqual([
      ['line', 3 << 20],
      ['line', 1],
    ]);
    expect(seen[0]?.text).toBe(long);
  });

  it('agrees with a reader that holds everything in memory, whatever the bytes, limit and cuts', async () => {
    const byte = fc.constantFrom(0, 0, 10, 13, 120, 121, 255);
    const content = fc.array(byte, { maxLength: 400 });
    await fc.assert(
      fc.asyncProperty(content, fc.integer({ min: 1, max: 300 }), async (list, chunk) => {
        const bytes = Buffer.from(list);
        // A line may pass by up to one buffer more than the limit before it is noticed, so the limit is one that no
        // line reaches.
        expect(await pieces(bytes, 1000, chunk)).toEqual(expected(bytes, 1000));
      }),
      { numRuns: 500 },
    );
  });
});

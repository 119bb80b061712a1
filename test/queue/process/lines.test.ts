import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LineReader } from '../../../src/queue/process/lines.ts';

function readAll(reader: LineReader): string[] {
  const lines: string[] = [];
  for (let line = reader.next(); line !== undefined; line = reader.next()) {
    lines.push(line === 'too-long' ? '<too long>' : Buffer.from(line).toString());
  }
  return lines;
}

describe('lines from a stream', () => {
  it('come out the same however the bytes are cut, and a line over the limit is one gap', () => {
    const line = fc.string({ maxLength: 30, unit: fc.constantFrom('a', 'b', 'é', ' ') });
    fc.assert(
      fc.property(fc.array(line), fc.array(fc.nat(20)), fc.string({ maxLength: 5 }), (lines, cuts, rest) => {
        const tail = rest.replaceAll('\n', '');
        const bytes = Buffer.from(lines.map((one) => `${one}\n`).join('') + tail);
        const reader = new LineReader(20);
        const got: string[] = [];
        let at = 0;
        for (let cut = 0; at < bytes.length; cut++) {
          const length = (cuts[cut % Math.max(1, cuts.length)] ?? 7) + 1;
          reader.push(bytes.subarray(at, at + length));
          at += length;
          got.push(...readAll(reader));
        }
        expect(got).toEqual(lines.map((one) => (Buffer.byteLength(one) > 20 ? '<too long>' : one)));
        const left = reader.rest();
        expect(left === undefined ? '' : Buffer.from(left).toString()).toBe(tail);
      }),
    );
  });

  it('an endless line is reported once and holds no memory', () => {
    const reader = new LineReader(1000);
    const chunk = Buffer.alloc(64 * 1024, 0x78);
    const seen: unknown[] = [];
    for (let round = 0; round < 200; round++) {
      reader.push(chunk);
      seen.push(...readAll(reader));
      expect(reader.held).toBe(0);
    }
    reader.push(Buffer.from('end of it\nnext\n'));
    expect([...seen, ...readAll(reader)]).toEqual(['<too long>', 'next']);
  });

  it('can be left inside and fetched later', () => {
    const reader = new LineReader(10);
    reader.push(Buffer.from('a\nb\nc'));
    expect(Buffer.from(reader.next() as Uint8Array).toString()).toBe('a');
    reader.push(Buffer.from('d\n'));
    expect(readAll(reader)).toEqual(['b', 'cd']);
    expect(reader.inLine).toBe(false);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WalqError } from '../../src/base/errors.ts';
import { JsonPieces, type JsonStreamOptions } from '../../src/base/json-stream.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

function pieces(input: Uint8Array, options: Partial<JsonStreamOptions> = {}, chunkBytes = input.length || 1) {
  const stream = new JsonPieces({ open: (path) => path.length === 0, bytesMax: 1 << 20, ...options });
  const found: { path: string; text: string; offset: number; end: number }[] = [];
  const buffer = Buffer.alloc(chunkBytes);
  const take = (part: Iterable<{ path: readonly string[]; text: string; offset: number; end: number }>) => {
    for (const piece of part) found.push({ ...piece, path: piece.path.join('/') });
  };
  for (let at = 0; at < input.length; at += chunkBytes) {
    // One buffer for all chunks, as a reader has it.
    const part = input.subarray(at, at + chunkBytes);
    buffer.set(part);
    take(stream.push(buffer.subarray(0, part.length)));
    buffer.fill(0x21);
  }
  take(stream.end());
  return found;
}

function failure(run: () => unknown): WalqError {
  try {
    run();
  } catch (error) {
    if (error instanceof WalqError) return error;
    throw error;
  }
  throw new Error('expected a WalqError');
}

describe('JsonPieces', () => {
  it('hands out the elements of an array, compacted, with their byte range', () => {
    const input = bytes(' [ {"a" : "ü]"} ,\n 12,"x" , [ 1 ] ] ');
    expect(pieces(input)).toEqual([
      { path: '', text: '{"a":"ü]"}', offset: 3, end: 16 },
      { path: '', text: '12', offset: 20, end: 22 },
      { path: '', text: '"x"', offset: 23, end: 26 },
      { path: '', text: '[1]', offset: 29, end: 34 },
    ]);
  });

  it('opens what it is told to open and names the path', () => {
    const open: JsonStreamOptions['open'] = (path) => path.length === 0 || (path.length === 1 && path[0] === 'jobs');
    const found = pieces(bytes('{"jobs":{"a":{"n":1},"\\u0062":{}},"ver":1,"other":{"x":[]},"empty":[]}'), { open });
    expect(found.map(({ path, text }) => [path, text])).toEqual([
      ['jobs/a', '{"n":1}'],
      ['jobs/b', '{}'],
      ['ver', '1'],
      ['other', '{"x":[]}'],
      ['empty', '[]'],
    ]);
  });

  it('keeps the path right through empty containers and nested opens', () => {
    const found = pieces(bytes('{"a":{},"b":[],"c":[[1],{"d":2}],"e":3}'), { open: () => true });
    expect(found.map(({ path, text }) => [path, text])).toEqual([
      ['c//', '1'],
      ['c//d', '2'],
      ['e', '3'],
    ]);
  });

  it('takes many values at the root where asked, none included', () => {
    const many = { many: true, open: (path: readonly string[]) => path.length === 0 };
    expect(pieces(bytes(''), many)).toEqual([]);
    expect(pieces(bytes('1\n2 "x"\n[3,4]\n'), many).map((piece) => piece.text)).toEqual(['1', '2', '"x"', '3', '4']);
    expect(pieces(bytes('7'), { many: true }).map((piece) => piece.text)).toEqual(['7']);
  });

  it('refuses a second value, an early end and every misplaced token, with the byte position', () => {
    const cases: [string, number][] = [
      ['', 0],
      ['[1] 2', 4],
      ['{}{}', 2],
      ['[', 1],
      ['[1', 2],
      ['[1,', 3],
      ['[,1]', 1],
      ['[1,]', 3],
      ['{"ä":1', 7],
      ['{"a"', 4],
      ['{"a" 1}', 5],
      ['{1:2}', 1],
      ['{"a":1,}', 7],
      ['{"a":}', 5],
      ['[tru]', 1],
      ['["a', 3],
      ['[{"a":[}]', 7],
      ['[1}', 2],
      ['\ufeff[]', 0],
      ['["\t"]', 2],
    ];
    for (const [text, position] of cases) {
      const error = failure(() => pieces(bytes(text)));
      expect([text, error.code, error.data.position]).toEqual([text, 'E_JSON', position]);
    }
    expect(failure(() => pieces(new Uint8Array([0x5b, 0x22, 0xff, 0x22, 0x5d]))).message).toContain('UTF-8');
  });

  it('bounds a piece and the depth', () => {
    expect(failure(() => pieces(bytes(`["${'x'.repeat(100)}"]`), { bytesMax: 50 }, 7)).code).toBe('E_JSON_SIZE');
    expect(failure(() => pieces(bytes('['.repeat(1000)), { open: () => true })).code).toBe('E_JSON_DEPTH');
    expect(failure(() => pieces(bytes(`[${'['.repeat(200)}${']'.repeat(200)}]`))).code).toBe('E_JSON_DEPTH');
    expect(pieces(bytes(`[${'['.repeat(127)}${']'.repeat(127)}]`))).toHaveLength(1);
  });

  it('gives the same pieces however the stream is cut, and equals JSON.parse', () => {
    fc.assert(
      fc.property(
        fc.array(fc.jsonValue()),
        fc.constantFrom(0, 1),
        fc.integer({ min: 1, max: 9 }),
        (list, indent, cut) => {
          const text = JSON.stringify(list, null, indent);
          const found = pieces(bytes(text), {}, cut);
          expect(found).toEqual(pieces(bytes(text)));
          expect(found.map((piece) => piece.text)).toEqual(list.map((value) => JSON.stringify(value)));
        },
      ),
    );
  });

  it('accepts a text if and only if JSON.parse does', () => {
    const token = fc.constantFrom('{', '}', '[', ']', ',', ':', ' ', '"a"', '"', '\\', '1', '-', 'true', 'é');
    fc.assert(
      fc.property(
        fc.array(token, { maxLength: 12 }),
        fc.boolean(),
        fc.integer({ min: 1, max: 3 }),
        (tokens, deep, cut) => {
          const text = tokens.join('');
          let valid = true;
          try {
            JSON.parse(text);
          } catch {
            valid = false;
          }
          const run = () => pieces(bytes(text), { open: (path) => deep || path.length === 0 }, cut);
          if (valid) run();
          else expect(failure(run).code).toBe('E_JSON');
        },
      ),
      { numRuns: 3000 },
    );
  });
});

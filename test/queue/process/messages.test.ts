import { describe, expect, it } from 'vitest';
import { parseHandlerLine } from '../../../src/queue/process/messages.ts';
import { tailText } from '../../../src/queue/process/text.ts';

const parse = (line: string) => parseHandlerLine(Buffer.from(line));

describe('a line on fd 3', () => {
  it.each(['{"b": 9007199254740993, "a": [1e400, 1.0]}', `${'['.repeat(100_000)}${']'.repeat(100_000)}`])(
    'hands on a result as it was written, numbers, key order and depth included',
    (json) => {
      expect(parse(`{"result": ${json} }`)).toEqual([{ kind: 'result', json }]);
    },
  );

  it('may carry several messages and unknown keys', () => {
    expect(parse('{"progress":0.4,"later":1,"extend":"5m","retry":"30s"}')).toEqual([
      { kind: 'progress', value: 0.4 },
      { kind: 'extend', ms: 300_000 },
      { kind: 'retry', delayMs: 30_000 },
    ]);
  });

  it.each([
    'hello',
    '[]',
    '1',
    '{"progress":2}',
    '{"progress":-0.1}',
    '{"progress":"0.4"}',
    '{"retry":30}',
    '{"retry":"soon"}',
    '{"extend":null}',
    '{"dead":true}',
    '{"dead":"gone"',
    '{"progress":7,"dead":"gone"}',
    '{"result":}',
    '{"result":1',
    '{"result":1}x',
  ])('that says %s is not understood', (line) => {
    expect(parse(line)).toEqual({ why: expect.any(String), asked: /retry|dead/.test(line) });
  });

  it('with bytes that are no UTF-8 is not understood', () => {
    expect(parseHandlerLine(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]))).toHaveProperty('why');
  });

  it('has a bounded reason without NUL and lone surrogates', () => {
    const said = parse(`{"dead":"a\\u0000b\\ud800${'é'.repeat(5000)}"}`);
    const message = Array.isArray(said) ? said[0] : undefined;
    expect(message?.kind).toBe('dead');
    const reason = message?.kind === 'dead' ? message.reason : '';
    expect(reason.startsWith('a␀b\ufffdé')).toBe(true);
    expect(Buffer.byteLength(reason)).toBeLessThanOrEqual(2048);
    expect(reason.endsWith('é')).toBe(true);
  });
});

describe('the tail of an output', () => {
  it('starts at a character, is valid UTF-8 without NUL and has at most the bytes asked for', () => {
    const bytes = Buffer.from(`${'é'.repeat(50)}\0end \n`);
    expect(tailText(bytes, 10)).toBe('éé␀end');
    expect(tailText(bytes, 9)).toBe('é␀end');
    for (let max = 1; max < 60; max++) {
      const text = tailText(Buffer.concat([Buffer.from([0xff, 0xc3]), bytes, Buffer.from([0x80])]), max);
      expect(Buffer.byteLength(text)).toBeLessThanOrEqual(max);
      expect(text).not.toMatch(/\0/);
    }
  });
  it('of nothing but garbage stays bounded', () => {
    expect(Buffer.byteLength(tailText(Buffer.alloc(10_000, 0xff), 2048))).toBeLessThanOrEqual(2048);
    expect(tailText(Buffer.alloc(10_000, 0x80), 2048)).not.toBe('');
  });
});

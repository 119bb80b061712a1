import { describe, expect, test } from 'vitest';
import { parseJobSpec } from '../../src/queue/ops/parse-spec.ts';
import { enqueueEvent, type JobSpec } from '../../src/queue/ops/spec.ts';

const at = 1_764_000_000_000;
const make = (spec: JobSpec, payloadBytesMax = 1024): ReturnType<typeof enqueueEvent> =>
  enqueueEvent(spec, spec.id ?? 'j', at, { payloadBytesMax });

describe('parseJobSpec', () => {
  test('takes every key, and the payload as it was written', () => {
    const spec = parseJobSpec(
      '{"id":"a","name":"mail","payload": {"n":9007199254740993, "n":1e400},' +
        '"timeout":"30s","delay":"5m","attempts":5,"priority":-3,"backoff":"none"}',
    );
    expect(spec).toEqual({
      id: 'a',
      name: 'mail',
      payload: '{"n":9007199254740993, "n":1e400}',
      timeoutMs: 30_000,
      delayMs: 300_000,
      attempts: 5,
      priority: -3,
      backoff: 'none',
    });
    expect(Buffer.from(make(spec).payload ?? []).toString()).toBe('{"n":9007199254740993,"n":1e400}');
  });

  test("reads the origin's form and times in both forms", () => {
    expect(parseJobSpec('{"id":"a","payload":null,"timeout_ms":5000}')).toEqual({
      id: 'a',
      payload: 'null',
      timeoutMs: 5000,
    });
    expect(parseJobSpec('{"at":"2026-09-01T03:00:00Z"}').runAt).toBe(Date.UTC(2026, 8, 1, 3));
    expect(parseJobSpec('{"at":"2026-09-01T03:00+02:00"}').runAt).toBe(Date.UTC(2026, 8, 1, 1));
    expect(parseJobSpec('{"at":123}').runAt).toBe(123);
  });

  test.each([
    ['{"id":"a","paylod":1}', /'paylod' is not a key/],
    ['{"id":"a","id":"b"}', /id is there twice/],
    ['{"__proto__":{}}', /'__proto__' is not a key/],
    ['{"timeout":"1s","timeout_ms":5}', /timeout and 'timeout_ms' exclude/],
    ['{"timeout":30}', /timeout must be a duration such as '30s', not 30/],
    ['{"timeout":"30"}', /timeout: '30' is not a duration/],
    ['{"attempts":"5"}', /attempts must be a whole number/],
    ['{"attempts":1.5}', /attempts must be a whole number/],
    ['{"priority":9007199254740993}', /priority must be a whole number/],
    ['{"at":"2026-09-01T03:00"}', /at must be a time with zone/],
    ['{"at":"tomorrow"}', /at must be a time/],
    ['{"id":5}', /id must be text/],
    ['{"bad\\u001b[31m":1}', /'bad\\x1b\[31m' is not a key/],
    ['[1]', /must be a JSON object/],
    ['{"id":"a"', /not valid JSON/],
    ['', /not valid JSON/],
  ])('%s is refused', (text, message) => {
    expect(() => parseJobSpec(text)).toThrow(
      expect.objectContaining({ exit: 2, message: expect.stringMatching(message) }),
    );
  });

  test('a key that no job has is met by the place where data belongs', () => {
    expect(() => parseJobSpec('{"to":"a@b.c"}')).toThrow(
      expect.objectContaining({ code: 'E_JOB', data: { field: 'to' }, next: expect.stringContaining('{"payload":{') }),
    );
  });

  test('a command is taken only where it is allowed', () => {
    const text = '{"command":["echo","","$HOME"]}';
    expect(() => parseJobSpec(text)).toThrow(expect.objectContaining({ code: 'E_COMMAND_FORBIDDEN', exit: 2 }));
    expect(parseJobSpec(text, { allowCommands: true }).command).toEqual(['echo', '', '$HOME']);
    for (const bad of ['"echo"', '[1]', '{}']) {
      expect(() => parseJobSpec(`{"command":${bad}}`, { allowCommands: true })).toThrow(
        /command must be a list of texts/,
      );
    }
  });
});

describe('enqueueEvent', () => {
  test('fills in the defaults', () => {
    expect(make({})).toEqual({
      type: 'ENQUEUE',
      id: 'j',
      at,
      name: 'default',
      payload: undefined,
      priority: 0,
      maxAttempts: 3,
      runAt: at,
      timeoutMs: 0,
      backoff: 'exp:1s..5m*2~0.5',
      group: '',
      command: undefined,
    });
  });

  test('a time that is over means now', () => {
    expect(make({ runAt: 5 }).runAt).toBe(at);
    expect(make({ runAt: at + 5 }).runAt).toBe(at + 5);
    expect(make({ delayMs: 7 }).runAt).toBe(at + 7);
  });

  test.each<[JobSpec, string]>([
    [{ id: '' }, 'id'],
    [{ id: 'x'.repeat(257) }, 'id'],
    [{ id: 'a\nb' }, 'id'],
    [{ id: 'a\u001b[2J' }, 'id'],
    [{ id: '\ud800' }, 'id'],
    [{ name: '' }, 'name'],
    [{ name: 'x'.repeat(129) }, 'name'],
    [{ priority: 1.5 }, 'priority'],
    [{ priority: 1_000_001 }, 'priority'],
    [{ attempts: 0 }, 'attempts'],
    [{ timeoutMs: -1 }, 'timeout'],
    [{ delayMs: Number.NaN }, 'delay'],
    [{ delayMs: 1, runAt: 1 }, 'delay'],
    [{ runAt: Number.POSITIVE_INFINITY }, 'at'],
    [{ command: [] }, 'command'],
    [{ command: [''] }, 'command'],
    [{ command: ['a\0'] }, 'command'],
    [{ command: ['a', 'x'.repeat(300_000)] }, 'command'],
    [{ payload: `"${'x'.repeat(1024)}"` }, 'payload'],
  ])('%j is refused, naming the field', (spec, field) => {
    expect(() => make(spec)).toThrow(
      expect.objectContaining({
        code: 'E_JOB',
        exit: 2,
        data: { field },
        message: expect.stringMatching(new RegExp(`^${field} `)),
      }),
    );
  });

  test.each([
    ['{', 'E_JSON'],
    ['"a\u0000"', 'E_JSON'],
    ['{"a":1}x', 'E_JSON'],
    ['['.repeat(129) + ']'.repeat(129), 'E_JSON_DEPTH'],
    [`"${'x'.repeat(5000)}"`, 'E_JSON_SIZE'],
    ['"\ud800"', 'E_JSON'],
  ])('a payload that is no good JSON is refused as such', (payload, code) => {
    expect(() => make({ payload })).toThrow(
      expect.objectContaining({
        code,
        exit: 2,
        data: expect.objectContaining({ field: 'payload' }),
        message: expect.stringMatching(/^payload: /),
      }),
    );
  });

  test('JSON that a program wrote itself is no excuse for half a surrogate pair, nor for depth or length', () => {
    const written = (payload: string) => () => make({ payload, stringified: true });
    expect(written('"\ud800"')).toThrow(expect.objectContaining({ code: 'E_JSON' }));
    expect(written('['.repeat(129) + ']'.repeat(129))).toThrow(expect.objectContaining({ code: 'E_JSON_DEPTH' }));
    const small = { payloadBytesMax: 3 };
    expect(() => enqueueEvent({ payload: '"xx"', stringified: true }, 'j', at, small)).toThrow(/takes 4 bytes/);
    expect(make({ payload: '"é"', stringified: true }).payload).toEqual(make({ payload: '"é"' }).payload);
  });

  test('a payload at the limit passes, white space does not count', () => {
    const text = `"${'x'.repeat(1022)}"`;
    expect(make({ payload: `  ${text}\n` }).payload).toHaveLength(1024);
  });

  test('a bad backoff is refused', () => {
    expect(() => make({ backoff: 'soon' })).toThrow(expect.objectContaining({ code: 'E_BACKOFF' }));
  });
});

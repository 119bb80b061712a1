import { describe, expect, it } from 'vitest';
import { parseStreamLine, streamJob, verdictOfLine } from '../../../src/queue/process/stream-line.ts';

const parse = (text: string) => parseStreamLine(Buffer.from(text));
const verdict = (text: string, tail = '') => {
  const line = parse(text);
  return line?.over ? verdictOfLine(line, tail) : line && 'no verdict';
};

it.each([
  '{"id":"a","ok":true',
  '{"id":"a","ok":true,"result":[1,2,]}',
  '{"result":[1,2,],"id":"a"}',
  "{'id': 'a', 'ok': True}",
  "{ id: 'a', ok: true }",
  '{"id":"a","ok":true} {"id":"b","ok":true}',
])('a verdict that is no JSON fails its attempt: %s', (text) => {
  expect(parse(text)?.id).toBe('a');
  const error = "the handler's verdict is not understood: the line is no JSON object";
  expect(verdict(text)).toEqual({ kind: 'retry', reason: 'failed', error });
});

describe('a line of a stream handler', () => {
  it.each([
    ['{"id":"a","ok":true}', { kind: 'ack' }],
    ['{"ok": true, "id": "a"}\r', { kind: 'ack' }],
    ['\ufeff{"id":"a","ok":true}', { kind: 'ack' }],
    [
      '{"id":"a","ok":true,"result":{"n":9007199254740993, "n":1e400}}',
      { kind: 'ack', result: '{"n":9007199254740993, "n":1e400}' },
    ],
    ['{"id":"a","result":null}', { kind: 'ack', result: 'null' }],
    ['{"id":"a","ok":true,"error":null}', { kind: 'ack' }],
    ['{"id":"a","result":1,"error":"no"}', { kind: 'retry', reason: 'failed', error: 'no' }],
    ['{"id":"a","ok":false,"error":"no"}', { kind: 'retry', reason: 'failed', error: 'no' }],
    ['{"id":"a","error":"no"}', { kind: 'retry', reason: 'failed', error: 'no' }],
    [
      '{"id":"a","retry":"30s"}',
      { kind: 'retry', reason: 'asked', delayMs: 30_000, error: 'the handler asked for a retry' },
    ],
    [
      '{"id":"a","ok":true,"retry":"1m"}',
      { kind: 'retry', reason: 'asked', delayMs: 60_000, error: 'the handler asked for a retry' },
    ],
    ['{"id":"a","ok":false,"dead":"gone"}', { kind: 'dead', reason: 'permanent', error: 'gone' }],
  ])('ends its job: %s', (text, wanted) => {
    expect(verdict(text)).toEqual(wanted);
  });

  it('of a failure without words takes the last words on standard error', () => {
    expect(verdict('{"id":"a","ok":false}', 'disk on fire')).toMatchObject({
      error: 'the handler says that it failed: disk on fire',
    });
    expect(verdict('{"id":"a","ok":false}')).toMatchObject({ error: 'the handler says that it failed' });
  });

  it.each(['{"id":"a","progress":0.5}', '{"id":"a","extend":"5m"}', '{"id":"a"}', '{"id":"a","colour":"red"}'])(
    'is a message on the way: %s',
    (text) => {
      expect(verdict(text)).toBe('no verdict');
    },
  );

  it.each([
    '',
    'hello',
    '{',
    '[]',
    '{"id":"a","name":"mail",',
    "{ id: 'a', name: 'mail', payload: { error: 'x' } }",
    '{"id":"a","progress":7}',
    '{"progress":0.5}',
    '{"level":"error","error":"no"}',
    "{'msg': 'done', 'ok': True}",
    '{}',
  ])('is output like any other: %s', (text) => {
    expect(parse(text)).toBeUndefined();
  });

  it.each(['{"ok":true}', '{"error":"no","retry":"5s"}', '{"progress":1,"result":[]}', "{'ok': True}"])(
    'that is a verdict about nobody says so: %s',
    (text) => {
      expect(parse(text)?.id).toBeUndefined();
      const error = "the handler's verdict is not understood: it has no 'id'";
      expect(verdict(text)).toEqual({ kind: 'retry', reason: 'failed', error });
    },
  );

  it('is output when it is no UTF-8', () => {
    expect(parseStreamLine(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]))).toBeUndefined();
  });

  it.each([
    ['{"id":"a","ok":"yes"}', 'ok'],
    ['{"id":7,"ok":true}', 'id'],
    ['{"id":"a","ok":true,"progress":7}', 'progress'],
    ['{"id":"a","ok":false,"error":{"code":1}}', 'error'],
    ['{"id":"a","retry":30}', 'retry'],
    ['{"id":"a","retry":"soon"}', 'retry'],
  ])('that was meant as a verdict and is none fails the attempt, so that nobody waits for ever: %s', (text, member) => {
    const said = verdict(text);
    expect(said).toMatchObject({ kind: 'retry', reason: 'failed' });
    expect(said).toMatchObject({ error: expect.stringContaining(`'${member}'`) });
  });
});

it('a job is one line, its payload as it was written', () => {
  const job = { id: 'é"\n', name: 'mail', attempt: 2, attemptsMax: 5 };
  expect(streamJob({ ...job, payload: '{"n":9007199254740993,"n":1e400}' })).toBe(
    '{"id":"é\\"\\n","name":"mail","attempt":2,"maxAttempts":5,"payload":{"n":9007199254740993,"n":1e400}}\n',
  );
  expect(streamJob(job)).toBe('{"id":"é\\"\\n","name":"mail","attempt":2,"maxAttempts":5}\n');
});

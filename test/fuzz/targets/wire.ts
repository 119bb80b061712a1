import { usageError } from '../../../src/base/errors.ts';
import { LineReader } from '../../../src/queue/process/lines.ts';
import { parseHandlerLine } from '../../../src/queue/process/messages.ts';
import { parsePs } from '../../../src/queue/process/process-table.ts';
import {
  checkHello,
  encodeMessage,
  errorFromWire,
  errorToWire,
  messageBytesMax,
  parseMessage,
  parseRequest,
  parseResponse,
} from '../../../src/queue/process/socket-protocol.ts';
import { parseStreamLine, streamJob, verdictOfLine } from '../../../src/queue/process/stream-line.ts';
import { requestShapes } from '../../../src/queue/run/operations.ts';
import type { Prng } from '../../support/seeded-random.ts';
import { bytesOfText, jsonWords, must, type Target, textOf } from '../target.ts';

/** What comes through sockets and pipes. */

const jobs = [
  { id: 'a', name: 'mail', payload: '{"to":"ada"}', priority: 5, after: ['b'] },
  { name: 'x', command: ['ls'] },
];
const requests: readonly [op: string, body: object][] = [
  ['enqueue', { jobs }],
  ['take', { tokens: ['t'], leaseMs: 1000, names: ['mail'], waitMs: 5 }],
  ['limit', { group: 'g', rate: { count: 1, perMs: 1000 } }],
  ['schedule', { id: 's', rule: { kind: 'cron', cron: '0 3 * * *', zone: 'UTC' }, job: { name: 'x' } }],
  ['update', { id: 'a', change: { priority: 1 } }],
  ['status', {}],
];
const responses: readonly object[] = [
  { id: 1, ok: true, result: { jobs: [{ id: 'a' }] } },
  { id: 1, ok: false, error: { code: 'E_FIELD', message: 'no', exit: 2, data: {}, next: 'walq help' } },
  { id: null, ok: false, error: { code: 'E_X', message: 'no', exit: 70, data: { a: [1] } } },
];

function message(random: Prng): Uint8Array {
  const [op, body] = random.pick(requests);
  const some = [{ walq: 1, store: '0f'.repeat(16), pid: 5 }, { id: random.below(9), op, body }, random.pick(responses)];
  return bytesOfText(
    `${Array.from({ length: 1 + random.below(3) }, () => JSON.stringify(random.pick(some))).join('\n')}\n`,
  );
}

/** What either end makes of one line. */
function understand(line: Uint8Array): unknown {
  const found = parseMessage(line);
  if ('walq' in found) return checkHello(found, typeof found.store === 'string' ? found.store : undefined);
  if (!('op' in found)) {
    const response = parseResponse(found);
    if (response.ok) return response;
    const error = errorFromWire(response.error);
    must(JSON.stringify(errorToWire(error)) === JSON.stringify(response.error), 'an error does not come back');
    return response;
  }
  const request = parseRequest(found);
  if (!Object.hasOwn(requestShapes, request.op)) return request.op;
  const shape = requestShapes[request.op as keyof typeof requestShapes];
  const body = shape(request.body, '', (text) => usageError('E_FIELD', text));
  const again = encodeMessage({ ...request, body }, messageBytesMax);
  must(again !== undefined, 'a request that fitted is too long');
  return parseRequest(parseMessage(again));
}

const socketTarget: Target = {
  name: 'socket',
  sample: message,
  words: ['"walq":1', '"id":1', '"ok":', '"op":"__proto__"', '"op":"constructor"', '"body":', ...jsonWords],
  parse(bytes) {
    const lines: unknown[] = [];
    const read = (step: number): string[] => {
      const reader = new LineReader(32 * 1024);
      const seen: string[] = [];
      for (let at = 0; at < bytes.length; at += step) {
        reader.push(bytes.subarray(at, at + step));
        for (let line = reader.next(); line !== undefined; line = reader.next()) {
          seen.push(typeof line === 'string' ? line : Buffer.from(line).toString('latin1'));
        }
        must(reader.held <= 32 * 1024 + step, 'more of a line is kept than allowed');
      }
      return seen;
    };
    const whole = read(64 * 1024);
    must(whole.join('\n') === read(777).join('\n'), 'lines depend on how the bytes arrive');
    for (const line of whole) if (line !== 'too-long') lines.push(understand(Buffer.from(line, 'latin1')));
    return lines;
  },
};

const handlerLines: readonly string[] = [
  '{"result":{"a":1}}',
  '{"progress":0.4}',
  '{"extend":"5m"}',
  '{"retry":"30s"}',
  '{"dead":"reason"}',
  '{"id":"a","ok":true,"result":[1,2]}',
  '{"id":"a","ok":false,"error":"no"}',
  '{"id":"a","retry":"1s","error":null}',
  '{"id":"a","progress":1}',
];
const handlerWords = [
  '"id":',
  '"ok":',
  '"error":',
  '"result":',
  '"progress":',
  '"extend":',
  '"retry":',
  '"dead":',
  '"5m"',
];

const handlerTarget: Target = {
  name: 'handler-line',
  sample: (random) => bytesOfText(random.pick(handlerLines)),
  words: [...handlerWords, ...jsonWords],
  parse(bytes) {
    const messages = parseHandlerLine(bytes);
    for (const each of Array.isArray(messages) ? messages : []) {
      if (each.kind === 'result') JSON.parse(each.json);
      if (each.kind === 'progress') must(each.value >= 0 && each.value <= 1, 'a progress beyond 0..1');
      if (each.kind === 'extend') must(Number.isSafeInteger(each.ms) && each.ms >= 0, 'a time that is none');
      if (each.kind === 'dead') must(Buffer.byteLength(each.reason) <= 2048, 'a reason longer than is kept');
    }
    const line = parseStreamLine(bytes);
    const verdict = line && verdictOfLine(line, 'last words');
    if (verdict?.kind === 'ack' && verdict.result !== undefined) JSON.parse(verdict.result);
    if (line?.id !== undefined) {
      const job = streamJob({ id: line.id, name: 'x', attempt: 1, attemptsMax: 2 });
      must(job.indexOf('\n') === job.length - 1 && JSON.parse(job).id === line.id, 'a job is no line of its own');
    }
    return { messages, line, verdict };
  },
};

const psTarget: Target = {
  name: 'ps',
  sample: (random) =>
    bytesOfText(`  ${random.below(9999)}  12  1000 Ss   Tue Sep  1 03:00:00 2026\n   7   7     0 Z    x\n`),
  words: [' ', '\n', '\t', 'Z', '99999999999999999999'],
  parse: (bytes) => parsePs(textOf(bytes)),
};

export const wireTargets: readonly Target[] = [socketTarget, handlerTarget, psTarget];

import { clampText } from '../../base/clamp-text.ts';
import { jsonKind, jsonString } from '../../base/json.ts';
import type { LooseObject } from './loose-object.ts';
import { beginsObject, type HandlerMessage, handlerMessage, membersOf, notAllowed } from './messages.ts';
import { type AttemptVerdict, withTail } from './verdict.ts';

/** What one line of a long-lived handler says about the job it has. */
export interface StreamLine {
  /** Undefined of a verdict that names no job: `wrong` says so. */
  id: string | undefined;
  /** The job is over: the line has a verdict, or was meant to. */
  over: boolean;
  ok?: boolean;
  error?: string;
  messages: HandlerMessage[];
  /** Why it is not understood. */
  wrong?: string;
}

const errorBytesMax = 2048;
/** Members that end a job. The others are messages on the way. */
const decisive: ReadonlySet<string> = new Set(['ok', 'error', 'result', 'retry', 'dead']);
const underWay: ReadonlySet<string> = new Set(['progress', 'extend']);
const nameless = "it has no 'id'";

/**
 * Reads one line of standard output: `{"id":"a","ok":true,"result":…}`, or what else docs/handlers.md lists. Undefined
 * for anything else: it is output like any other.
 */
export function parseStreamLine(bytes: Uint8Array): StreamLine | undefined {
  // Told apart before anything is thrown: a handler may print by the megabyte.
  if (!beginsObject(bytes)) return undefined;
  const members = membersOf(bytes);
  if (!Array.isArray(members)) return brokenVerdict(members);
  let id: string | undefined;
  const line: Omit<StreamLine, 'id'> = { over: false, messages: [] };
  for (const { key, value } of members) {
    if (key !== 'id') takeMember(line, key, value);
    else if (jsonKind(value) === 'string') id = jsonString(value);
    else {
      id = value;
      line.wrong ??= notAllowed('id');
    }
  }
  if (id === undefined) return isVerdict(members.map(({ key }) => key)) ? namelessVerdict() : undefined;
  return line.wrong !== undefined && !line.over ? undefined : { id, ...line };
}

/** Nothing but what a verdict is made of: the log line of a program may have an `error` too, beside a level and a time. */
function isVerdict(keys: readonly string[]): boolean {
  return keys.some((key) => decisive.has(key)) && keys.every((key) => decisive.has(key) || underWay.has(key));
}

/** Taken as it is, a line too many would end the next job. */
function namelessVerdict(): StreamLine {
  return { id: undefined, over: true, messages: [], wrong: nameless };
}

/** Who wrote it believes to have answered, and would not answer again. */
function brokenVerdict({ id, keys }: LooseObject): StreamLine | undefined {
  if (id === undefined) return isVerdict([...keys]) ? namelessVerdict() : undefined;
  if (![...keys].some((key) => decisive.has(key))) return undefined;
  return { id, over: true, messages: [], wrong: 'the line is no JSON object' };
}

function takeMember(line: Omit<StreamLine, 'id'>, key: string, value: string): void {
  // Many a program prints all its fields, and null for those that do not apply.
  if (key === 'error' && value === 'null') return;
  if (decisive.has(key)) line.over = true;
  if (key === 'ok' && (value === 'true' || value === 'false')) line.ok = value === 'true';
  else if (key === 'error' && jsonKind(value) === 'string') line.error = clampText(jsonString(value), errorBytesMax);
  else if (key === 'ok' || key === 'error') line.wrong ??= notAllowed(key);
  else {
    const message = handlerMessage(key, value);
    if (message === 'wrong') line.wrong ??= notAllowed(key);
    else if (message !== undefined) line.messages.push(message);
  }
}

/** The verdict of a line that ends its job. `tail`: the last words on standard error. */
export function verdictOfLine({ ok, error, messages, wrong }: StreamLine, tail: string): AttemptVerdict {
  if (wrong !== undefined) {
    const text = withTail(`the handler's verdict is not understood: ${wrong}`, tail);
    return { kind: 'retry', reason: 'failed', error: text };
  }
  let result: string | undefined;
  let asked: Extract<HandlerMessage, { kind: 'retry' | 'dead' }> | undefined;
  for (const message of messages) {
    if (message.kind === 'result') result = message.json;
    else if (message.kind === 'retry' || message.kind === 'dead') asked = message;
  }
  const text = error ?? withTail(asked ? 'the handler asked for a retry' : 'the handler says that it failed', tail);
  if (asked?.kind === 'dead') return { kind: 'dead', reason: 'permanent', error: asked.reason };
  if (asked?.kind === 'retry') return { kind: 'retry', reason: 'asked', delayMs: asked.delayMs, error: text };
  if (ok ?? error === undefined) return { kind: 'ack', ...(result !== undefined && { result }) };
  return { kind: 'retry', reason: 'failed', error: text };
}

/** The job as one line for the handler's standard input. The payload is put in as it was written. */
export function streamJob(job: {
  id: string;
  name: string;
  payload?: string | undefined;
  attempt: number;
  attemptsMax: number;
}): string {
  const { id, name, payload, attempt, attemptsMax } = job;
  const head = JSON.stringify({ id, name, attempt, maxAttempts: attemptsMax });
  return payload === undefined ? `${head}\n` : `${head.slice(0, -1)},"payload":${payload}}\n`;
}

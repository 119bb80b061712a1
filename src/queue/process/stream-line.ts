import { WalqError } from '../../base/errors.ts';
import { jsonKind, jsonMembers, jsonString } from '../../base/json.ts';
import { clampText } from '../record.ts';
import { type HandlerMessage, parseHandlerLine } from './messages.ts';
import type { AttemptVerdict } from './verdict.ts';

/** What one line of a long-lived handler says about the job it has. */
export interface StreamLine {
  id: string;
  /** The job is over; without one the line is a message on the way. */
  ok: boolean | undefined;
  /** Text of `error`. */
  error: string | undefined;
  messages: HandlerMessage[];
}

const errorBytesMax = 2048;
const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Reads one line of standard output: `{"id":"a","ok":true,"result":…}`, or what else docs/handlers.md lists. Undefined
 * for anything else: it is output like any other.
 */
export function parseStreamLine(line: Uint8Array): StreamLine | undefined {
  const messages = parseHandlerLine(line);
  if (messages === undefined) return undefined;
  let id: string | undefined;
  let ok: boolean | undefined;
  let error: string | undefined;
  try {
    for (const { key, value } of jsonMembers(utf8.decode(line))) {
      if (key === 'id' && jsonKind(value) === 'string') id = jsonString(value);
      else if (key === 'ok' && (value === 'true' || value === 'false')) ok = value === 'true';
      else if (key === 'error' && jsonKind(value) === 'string') error = clampText(jsonString(value), errorBytesMax);
    }
  } catch (failure) {
    if (failure instanceof WalqError || failure instanceof TypeError) return undefined;
    throw failure;
  }
  return id === undefined ? undefined : { id, ok, error, messages };
}

/** The verdict of a line that has one. */
export function verdictOfLine({ ok, error, messages }: StreamLine): AttemptVerdict {
  let result: string | undefined;
  let asked: Extract<HandlerMessage, { kind: 'retry' | 'dead' }> | undefined;
  for (const message of messages) {
    if (message.kind === 'result') result = message.json;
    else if (message.kind === 'retry' || message.kind === 'dead') asked = message;
  }
  if (ok) return { kind: 'ack', ...(result !== undefined && { result }) };
  if (asked?.kind === 'dead') return { kind: 'dead', reason: 'permanent', error: asked.reason };
  const text = error ?? 'the handler said that it failed';
  if (asked?.kind === 'retry') return { kind: 'retry', reason: 'asked', delayMs: asked.delayMs, error: text };
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

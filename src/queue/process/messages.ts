import { clampText } from '../../base/clamp-text.ts';
import { parseDuration } from '../../base/duration.ts';
import { WalqError } from '../../base/errors.ts';
import { type JsonMember, jsonKind, jsonMembers, jsonString } from '../../base/json.ts';
import { type LooseObject, looseObject } from './loose-object.ts';

/** What a handler can say on fd 3, one JSON object per line. */
export type HandlerMessage =
  /** JSON text exactly as the handler wrote it, of any size and depth: whether it is kept is for `ack` to say. */
  | { kind: 'result'; json: string }
  /** 0..1. */
  | { kind: 'progress'; value: number }
  /** The handler wants to go on for this long from now. */
  | { kind: 'extend'; ms: number }
  | { kind: 'retry'; delayMs: number }
  | { kind: 'dead'; reason: string };

/** Text of `{"dead":"…"}` that is kept, in bytes. */
const reasonBytesMax = 2048;
const utf8 = new TextDecoder('utf-8', { fatal: true });

/** A line that is no message, or one with a value that is not allowed. */
export interface NotUnderstood {
  why: string;
  /** It asked for a retry, or said that there is no use in one. */
  asked: boolean;
}

/**
 * Reads one line of fd 3. One object may carry several of the keys; unknown keys are left alone, so that newer
 * handlers run under an older walq. A line that is not understood says nothing, whatever else stands in it.
 */
export function parseHandlerLine(line: Uint8Array): HandlerMessage[] | NotUnderstood {
  // Told apart before anything is thrown: somebody may pour garbage in by the megabyte.
  if (!beginsObject(line)) return { why: 'it is no JSON object', asked: false };
  const members = membersOf(line);
  const keys = Array.isArray(members) ? new Set(members.map(({ key }) => key)) : members.keys;
  const asked = keys.has('retry') || keys.has('dead');
  if (!Array.isArray(members)) return { why: 'it is no JSON object', asked };
  const messages: HandlerMessage[] = [];
  for (const { key, value } of members) {
    const message = handlerMessage(key, value);
    if (message === 'wrong') return { why: notAllowed(key), asked };
    if (message !== undefined) messages.push(message);
  }
  return messages;
}

export function notAllowed(key: string): string {
  return `'${key}' has a value that is not allowed`;
}

export function beginsObject(line: Uint8Array): boolean {
  // Some runtimes begin their output with a byte order mark.
  const isMarked = line[0] === 0xef && line[1] === 0xbb && line[2] === 0xbf;
  for (let at = isMarked ? 3 : 0; at < line.length; at++) {
    const byte = line[at];
    if (byte !== 0x20 && byte !== 0x09 && byte !== 0x0d) return byte === 0x7b;
  }
  return false;
}

/** Of a line that begins as an object; the last resort is what it was meant to be. */
export function membersOf(line: Uint8Array): JsonMember[] | LooseObject {
  try {
    return jsonMembers(utf8.decode(line), Number.POSITIVE_INFINITY);
  } catch (error) {
    if (error instanceof WalqError || error instanceof TypeError) return looseObject(Buffer.from(line).toString());
    throw error;
  }
}

/** One member of such an object; undefined for a key that is not known. */
export function handlerMessage(key: string, value: string): HandlerMessage | 'wrong' | undefined {
  const kind = jsonKind(value);
  switch (key) {
    case 'result':
      return { kind: 'result', json: value };
    case 'progress': {
      const share = kind === 'number' ? Number(value) : Number.NaN;
      return share >= 0 && share <= 1 ? { kind: 'progress', value: share } : 'wrong';
    }
    case 'extend':
    case 'retry': {
      const ms = kind === 'string' ? durationOf(jsonString(value)) : undefined;
      if (ms === undefined) return 'wrong';
      return key === 'extend' ? { kind: 'extend', ms } : { kind: 'retry', delayMs: ms };
    }
    case 'dead':
      return kind === 'string' ? { kind: 'dead', reason: clampText(jsonString(value), reasonBytesMax) } : 'wrong';
    default:
      return undefined;
  }
}

function durationOf(text: string): number | undefined {
  try {
    return parseDuration(text);
  } catch (error) {
    if (error instanceof WalqError) return undefined;
    throw error;
  }
}

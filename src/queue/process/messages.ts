import { clampText } from '../../base/clamp-text.ts';
import { parseDuration } from '../../base/duration.ts';
import { WalqError } from '../../base/errors.ts';
import { jsonKind, jsonMembers, jsonString } from '../../base/json.ts';

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

/**
 * Reads one line of fd 3. One object may carry several of the keys; unknown keys are left alone, so that newer
 * handlers run under an older walq. Undefined when the line is garbage or a known key has a value of the wrong shape:
 * the line is then ignored whole.
 */
export function parseHandlerLine(line: Uint8Array): HandlerMessage[] | undefined {
  // Told apart before anything is thrown: somebody may pour garbage in by the megabyte.
  if (!beginsObject(line)) return undefined;
  try {
    const messages: HandlerMessage[] = [];
    for (const { key, value } of jsonMembers(utf8.decode(line), Number.POSITIVE_INFINITY)) {
      const message = handlerMessage(key, value);
      if (message === 'wrong') return undefined;
      if (message !== undefined) messages.push(message);
    }
    return messages;
  } catch (error) {
    if (error instanceof WalqError || error instanceof TypeError) return undefined;
    throw error;
  }
}

function beginsObject(line: Uint8Array): boolean {
  for (const byte of line) if (byte !== 0x20 && byte !== 0x09 && byte !== 0x0d) return byte === 0x7b;
  return false;
}

/** One member of such an object; undefined for a key that is not known. May throw what `parseDuration` throws. */
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
      if (kind !== 'string') return 'wrong';
      const ms = parseDuration(jsonString(value));
      return key === 'extend' ? { kind: 'extend', ms } : { kind: 'retry', delayMs: ms };
    }
    case 'dead':
      return kind === 'string' ? { kind: 'dead', reason: clampText(jsonString(value), reasonBytesMax) } : 'wrong';
    default:
      return undefined;
  }
}

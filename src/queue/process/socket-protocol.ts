import type { Code } from '../../base/code.ts';
import { Exit, type ExitCode, isError, isFsError, newerError, refusedError, WalqError } from '../../base/errors.ts';

/** The number both sides say first. Another number = another protocol, and the connection ends. */
export const controlVersion = 1;
/** Bytes of one line, either way. */
export const messageBytesMax = 4 * 1024 * 1024;

/** The first message of either side. The server adds its pid. */
export interface Hello {
  walq: number;
  store: string;
  pid?: number;
}

/**
 * One thing a client wants. `id` is its own number for the answer; what `body` holds is between the command and the
 * engine.
 */
export interface ControlRequest {
  id: number;
  op: string;
  body: Readonly<Record<string, unknown>>;
}

export interface WireError {
  code: Code;
  message: string;
  exit: ExitCode;
  data: Readonly<Record<string, unknown>>;
  next?: string;
}

/** `id` is null when the request could not be read; the connection is closed then. */
export type ControlResponse =
  | { id: number; ok: true; result?: unknown }
  | { id: number; ok: false; error: WireError }
  | { id: null; ok: false; error: WireError };

const utf8 = new TextDecoder('utf-8', { fatal: true });

export function protocolError(message: string): WalqError {
  return refusedError('E_CONTROL_PROTOCOL', message);
}

/** One line of the protocol as a JSON object. E_CONTROL_PROTOCOL when it is none. */
export function parseMessage(line: Uint8Array): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(utf8.decode(line));
  } catch {
    throw protocolError('a message on the control socket is not JSON in UTF-8');
  }
  if (!isRecord(value)) throw protocolError('a message on the control socket is not a JSON object');
  return value;
}

/**
 * Reads the first message of the other side and checks that both mean the same protocol and, where given, the same
 * store. Answers the store of the other side.
 */
export function checkHello(message: Record<string, unknown>, storeId: string | undefined): string {
  const { walq, store } = message;
  if (typeof walq !== 'number' || typeof store !== 'string') {
    throw protocolError('the first message on the control socket must be {"walq":1,"store":"<store id>"}');
  }
  if (walq !== controlVersion) {
    throw newerError(
      'E_CONTROL_VERSION',
      `the control socket speaks protocol ${walq}, this walq speaks ${controlVersion}`,
      {
        data: { got: walq, expected: controlVersion },
      },
    );
  }
  if (storeId !== undefined && store !== storeId) {
    throw refusedError(
      'E_CONTROL_STORE',
      `the control socket serves store ${store.slice(0, 64)}, expected ${storeId}`,
      {
        data: { got: store.slice(0, 64), expected: storeId },
      },
    );
  }
  return store;
}

export function parseRequest(message: Record<string, unknown>): ControlRequest {
  const { id, op, body = {} } = message;
  if (typeof id !== 'number' || !Number.isSafeInteger(id) || id < 0) {
    throw protocolError('a request needs an "id" that is a whole number');
  }
  if (typeof op !== 'string' || op === '') throw protocolError('a request needs an "op"');
  if (!isRecord(body)) throw protocolError('the "body" of a request must be an object');
  return { id, op, body };
}

export function parseResponse(message: Record<string, unknown>): ControlResponse {
  const { id, ok, result, error } = message;
  const numbered = typeof id === 'number' && Number.isSafeInteger(id);
  if (ok === true && numbered) return { id, ok, result };
  if (ok === false && isRecord(error)) {
    if (numbered) return { id, ok, error: wireError(error) };
    if (id === null) return { id, ok, error: wireError(error) };
  }
  throw protocolError('an answer on the control socket has the wrong shape');
}

/** An error as the other side shall see it. What is no expected failure is a bug there, and its stack stays there. */
export function errorToWire(error: unknown): WireError {
  if (error instanceof WalqError) {
    const { code, message, exit, data, next } = error;
    return { code, message, exit, data, ...(next === undefined ? {} : { next }) };
  }
  const message = isError(error) ? error.message : String(error);
  if (isFsError(error)) return { code: 'E_CONTROL_IO', message, exit: Exit.io, data: { errno: error.code } };
  return {
    code: 'E_CONTROL_INTERNAL',
    message: `the runner failed on the request: ${message}`,
    exit: Exit.bug,
    data: {},
  };
}

/** The same error on this side. */
export function errorFromWire(wire: WireError): WalqError {
  const { exit, code, message, data, next } = wire;
  return new WalqError(exit, code, message, { data, ...(next === undefined ? {} : { next }) });
}

/** A line ready to send. Undefined when it is over `bytesMax`. */
export function encodeMessage(message: Hello | ControlRequest | ControlResponse, bytesMax: number): Buffer | undefined {
  const line = Buffer.from(`${JSON.stringify(message)}\n`);
  return line.length > bytesMax ? undefined : line;
}

function wireError(error: Record<string, unknown>): WireError {
  const { code, message, exit, data, next } = error;
  return {
    code: isCode(code) ? code : 'E_CONTROL_INTERNAL',
    message: typeof message === 'string' ? message : 'the runner gave no reason',
    exit: Object.values(Exit).find((known) => known === exit) ?? Exit.bug,
    data: isRecord(data) ? data : {},
    ...(typeof next === 'string' ? { next } : {}),
  };
}

function isCode(code: unknown): code is Code {
  return typeof code === 'string' && /^E_[A-Z0-9_]{1,60}$/.test(code);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

import { inspect } from 'node:util';
import { clampText } from '../../base/clamp-text.ts';
import { isError } from '../../base/errors.ts';

export const errorBytesMax = 2048;
/** An error may be its own cause. */
const causesMax = 5;

/**
 * What a handler threw, as the log keeps it: message, causes, and the stack of the handler without ours below it. The
 * causes come first, since what is too long is cut at its end: `fetch failed` alone says nothing. Never throws.
 */
export function errorText(error: unknown): string {
  return looked(() => textOf(error)) ?? `the handler threw something (${typeof error}) that cannot be shown`;
}

function textOf(error: unknown): string {
  if (!isError(error)) return clampText(shown(error), errorBytesMax);
  const lines = (error.stack ?? error.message).split('\n');
  const calls = lines.findIndex((line) => /^\s+at /.test(line));
  const says = lines.slice(0, calls < 0 ? undefined : calls).join('\n');
  const stack = calls < 0 ? [] : lines.slice(calls);
  // In a bundle its name comes after that of what it was called on.
  const own = /at (\w+\.)?callFunction \(/;
  const ours = stack.findIndex((line) => own.test(line));
  const causes = causesOf(error).map((cause) => `; caused by ${cause}`);
  return clampText([says + causes.join(''), ...stack.slice(0, ours < 0 ? undefined : ours)].join('\n'), errorBytesMax);
}

/** The first first. Of several that failed together, as tries of a connection do, the first is one of them. */
function causesOf(error: Error): string[] {
  const causes: string[] = [];
  let cause = causeOf(error);
  while (cause !== undefined && causes.length < causesMax) {
    causes.push(shown(cause));
    cause = isError(cause) ? causeOf(cause) : undefined;
  }
  return causes;
}

function causeOf(error: Error): unknown {
  const { cause } = error;
  return cause ?? ('errors' in error && Array.isArray(error.errors) ? error.errors[0] : undefined);
}

function shown(value: unknown): string {
  if (isError(value)) return value.message === '' ? value.name : `${value.name}: ${value.message}`;
  const text = String(value);
  return text === '[object Object]' ? inspect(value, { depth: 3, breakLength: Number.POSITIVE_INFINITY }) : text;
}

/** Undefined where looking throws. */
export function looked<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}

/** What a handler function gets to know about its job. */
export interface WorkJob<Payload = unknown, Name extends string = string> {
  readonly id: string;
  readonly name: Name;
  /** Undefined when the job has none; a long one is parsed when first read. Numbers beyond 2^53 lose digits: see `payloadText`. */
  readonly payload: Payload;
  /** The payload as JSON text, exactly as it was enqueued. */
  readonly payloadText: string | undefined;
  /** From 1. */
  readonly attempt: number;
  readonly maxAttempts: number;
}

export interface WorkContext {
  /** Aborted when the time of the attempt is up, the job is cancelled, or the queue stops. `reason` says which. */
  readonly signal: AbortSignal;
  /** This long from now is needed; moves the timeout, never closer. Milliseconds, or text such as '5m'. */
  extend(time: number | string): void;
  /** 0..1; for people who watch, not stored. */
  progress(share: number): void;
}

/**
 * Does the work of one job. What it returns is the result (a JSON value, `rawJson(text)`, or undefined for none) and
 * completes the job; a throw is a failed attempt, retried by the job's backoff. `DeadError` and `RetryError` say more.
 */
export type WorkFunction<Payload = unknown, Name extends string = string> = (
  job: WorkJob<Payload, Name>,
  context: WorkContext,
) => unknown;

/** One function for all jobs, whose name tells the type of their payload, or one for each name. */
export type WorkHandlers<Payloads extends object = Record<string, unknown>> =
  | ((job: AnyWorkJob<Payloads>, context: WorkContext) => unknown)
  | { [Name in keyof Payloads]?: WorkFunction<Payloads[Name], Name & string> };

type AnyWorkJob<Payloads extends object> = {
  [Name in keyof Payloads & string]: WorkJob<Payloads[Name], Name>;
}[keyof Payloads & string];

/** Thrown by a handler: no further attempt is of any use. */
export class DeadError extends Error {
  override name = 'DeadError';
}

/** Thrown by a handler: try again after this time instead of the job's backoff. */
export class RetryError extends Error {
  override name = 'RetryError';
  /** Milliseconds, or text such as '30s'. */
  readonly after: number | string;

  constructor(after: number | string, message = 'the handler asked for a retry') {
    super(message);
    this.after = after;
  }
}

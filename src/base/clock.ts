/** Time and randomness are passed in, so that tests own both and replay never meets either. */
export interface Clock {
  /** Wall clock, integer milliseconds since the epoch, never before it. May step backwards. */
  now(): number;
  /** Monotonic clock, milliseconds (fractional) since an arbitrary start. */
  monotonic(): number;
  sleep(ms: number): Promise<void>;
}

/** Fills the buffer with random bytes. */
export type Random = (buffer: Uint8Array) => void;

/**
 * How long an attempt took: from its DISPATCH to the event that ended it, by the times of the log. The start of the
 * handler and the way of its outcome to the disk are part of it, and every end has it. The `durationMs` of an ACK is
 * another quantity: the handler's own time, as its runner measured it; failures do not tell that.
 */
export function tookMs(startedAt: number, endedAt: number): number {
  return Math.max(0, endedAt - startedAt);
}

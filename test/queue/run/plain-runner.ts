import type { ServeOptions } from '../../../src/queue/run/serve.ts';

/** What a runner of a test is told where it matters to nobody: it works off what is there, without snapshots. */
export const plainRunner = {
  haltAfterDead: Number.POSITIVE_INFINITY,
  timeoutMs: 0,
  killAfterMs: 100,
  graceMs: 60_000,
  drain: true,
  orphans: 'kill',
  snapshotIntervalMs: 0,
  snapshotEvery: 0,
  pid: process.pid,
  onReady: () => undefined,
} as const satisfies Partial<ServeOptions>;

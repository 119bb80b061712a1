import type { AttemptOutcome } from './attempt-types.ts';
import type { AttemptOrder } from './order.ts';

/** What a runner and its launcher say to each other. `number` names an attempt, from its start to its end. */
export type ToLauncher =
  | { kind: 'start'; number: number; order: AttemptOrder }
  | { kind: 'kill'; number: number; reason: string; now: boolean };

export type FromLauncher =
  /** It listens. What it was told before is still to come. */
  | { kind: 'ready' }
  | { kind: 'pid'; number: number; pid: number }
  | { kind: 'progress'; number: number; value: number }
  | { kind: 'extend'; number: number; ms: number }
  | { kind: 'done'; number: number; outcome: AttemptOutcome };

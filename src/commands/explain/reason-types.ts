import type { Job } from '../../queue/state/job.ts';
import type { Phase } from '../../queue/state/phase.ts';
import type { JobView } from './view.ts';

/** Why a job is in its state. `kind` is for machines, `text` for people; as stored, not yet escaped. */
export interface Reason {
  kind: ReasonKind;
  text: string;
}

/** The phase, where that says it all; of a job that is due and has not begun, what it waits for. */
export type ReasonKind =
  | Exclude<Phase['kind'], 'ready'>
  /** Its group has as many at work as it may. */
  | 'group-limit'
  /** The same by a limit of the runner alone. */
  | 'runner-group-limit'
  | 'damaged-log'
  | 'no-runner'
  | 'silent-runner'
  | 'full-disk'
  | 'ending-runner'
  | 'busy-workers'
  | 'rate'
  /** A worker is free, and others come first. */
  | 'turn'
  /** In the past: nothing that the log tells held it back. */
  | 'free'
  /** Its timeout was written down, and not yet what follows. */
  | 'timed-out'
  | 'gone'
  /** Nothing gives the state. */
  | 'unknown';

/** A view of a job that is in the queue. */
export type Known = JobView & { job: Job; phase: Phase };

/** The library. Loads none of the packages of the command line. */
export { type ExitCode, WalqError } from './base/errors.ts';
export type {
  AckAnswer,
  AttemptRef,
  DispatchRequest,
  EnqueueAnswer,
  FailAnswer,
  PruneRequest,
  QueueStatus,
} from './queue/engine-types.ts';
export { type Job, type JobState, payloadText, resultText } from './queue/job.ts';
export type { Failure } from './queue/policy.ts';
export { type OpenQueueOptions, openQueue, type Queue } from './queue/queue.ts';
export type { JobSpec } from './queue/spec.ts';

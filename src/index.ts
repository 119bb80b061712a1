/** The library. Loads none of the packages of the command line. Every type that its signatures name is here. */
export type { Clock, Random } from './base/clock.ts';
export { type Code, type ExitCode, WalqError } from './base/errors.ts';
export type { Finding, Severity } from './base/finding.ts';
export type { File, FileInfo, FileSystem } from './fs/types.ts';
export type { QueueEngine } from './queue/engine.ts';
export type {
  AckAnswer,
  AttemptRef,
  CommitListener,
  DispatchRequest,
  EnqueueAnswer,
  FailAnswer,
  PruneRequest,
  QueueStatus,
} from './queue/engine-types.ts';
export type { Owner, QueueEvent } from './queue/event-types.ts';
export {
  type CompletedJob,
  type DeadJob,
  type InFlightJob,
  type Job,
  type JobState,
  type PendingJob,
  payloadText,
  resultText,
} from './queue/job.ts';
export type { Failure } from './queue/policy.ts';
export { type OpenQueueOptions, openQueue, type Queue } from './queue/queue.ts';
export type { JobSpec } from './queue/spec.ts';
export type { CheckpointResult, RecoveryReport, SnapshotSummary, StorageEnv } from './storage/types.ts';

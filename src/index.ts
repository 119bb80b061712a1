/** The library. Loads none of the packages of the command line. Every type that its signatures name is here. */
export type { Clock, Random } from './base/clock.ts';
export type { Code } from './base/code.ts';
export { type ExitCode, WalqError } from './base/errors.ts';
export type { Finding, Severity } from './base/finding.ts';
export { type RawJson, rawJson } from './base/raw-json.ts';
export type { File, FileInfo, FileSystem } from './fs/types.ts';
export type { BatchOptions } from './queue/api/batches.ts';
export type { EventOptions } from './queue/api/event-stream.ts';
export type { ListFilter } from './queue/api/job-info.ts';
export type { FailOptions, PruneSettings, RetryOptions } from './queue/api/job-options.ts';
export type {
  EnqueueOptions,
  JobChanges,
  JobInfo,
  LeasedJob,
  NameOf,
  NewJob,
  Time,
} from './queue/api/job-types.ts';
export type { LogEvent } from './queue/api/log-event.ts';
export type { LimitSettings, ScheduleSettings } from './queue/api/settings.ts';
export type { TakeOptions } from './queue/api/take-options.ts';
export type { WaitOptions } from './queue/api/wait-for.ts';
export type { Worker, WorkOptions, WorkSummary } from './queue/api/worker.ts';
export type { AckAnswer, CancelAnswer, EnqueueAnswer, FailAnswer, QueueStatus } from './queue/engine-types.ts';
export type { Owner, QueueEvent } from './queue/events/event-types.ts';
export type { MissedSlots, PauseScope } from './queue/events/setting-types.ts';
export { type OpenQueueOptions, openQueue } from './queue/open-queue.ts';
export type { Queue } from './queue/queue.ts';
export type { JobCounts, JobState } from './queue/state/job.ts';
export {
  DeadError,
  RetryError,
  type WorkContext,
  type WorkFunction,
  type WorkHandlers,
  type WorkJob,
} from './queue/work/function-types.ts';
export type { CheckpointResult, RecoveryReport, SnapshotSummary, StorageEnv } from './storage/types.ts';

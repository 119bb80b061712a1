import type { ExtraField } from './record.ts';

/** What every event has. */
export interface EventBase {
  id: string;
  /** Wall clock when it happened, ms since the epoch. */
  at: number;
  /** Seq in the foreign log it was imported from, as text. Such an event is applied only where it fits. */
  from?: string | undefined;
  extra?: readonly ExtraField[] | undefined;
}

/** What a job is and how it is to be run: of one job, or of all that a schedule makes. */
export interface JobTemplate<Bytes = Uint8Array> {
  name: string;
  /** UTF-8 of compact JSON text. Absent: the job has none. After decoding a view into the record. */
  payload?: Bytes | undefined;
  /** Higher runs first. */
  priority: number;
  maxAttempts: number;
  /** 0 = no limit. */
  timeoutMs: number;
  backoff: string;
  /** argv of a job that brings its own command. */
  command?: readonly string[] | undefined;
  /** '' = none. Jobs of a group share its limits. */
  group: string;
}

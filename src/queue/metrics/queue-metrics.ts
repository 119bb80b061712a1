import { logSize } from '../../storage/disk-use.ts';
import type { Store } from '../../storage/store.ts';
import type { StorageEnv, StoreObserver } from '../../storage/types.ts';
import type { QueueEngine } from '../engine.ts';
import type { JobChangeEvent } from '../events/event-types.ts';
import { isEnded } from '../state/ended.ts';
import type { Job } from '../state/job.ts';
import type { QueueMachine } from '../state/machine.ts';
import { readySince } from '../state/ready-ages.ts';
import { tookMs } from '../state/took.ts';
import type { QueueTotals } from '../state/totals.ts';
import { MetricsRegistry, type Sample } from './metrics.ts';

/** The runner at work, as far as metrics tell. */
export interface RunnerFacts {
  workers: number;
  running: number;
}

export interface MetricsParts {
  env: StorageEnv;
  store: Store<QueueMachine>;
  engine: QueueEngine;
  /** Undefined while no runner works on the queue in this process. */
  runner(): RunnerFacts | undefined;
}

const jobSeconds = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60, 300, 900, 3600, 21_600, 86_400];
const syncSeconds = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5];
const batchRecords = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 4096];

/** Counters since the queue began: part of its state, so they are right after a restart. docs/metrics.md has all. */
const totals: Readonly<Record<Exclude<keyof QueueTotals, 'skipped'>, readonly [name: string, help: string]>> = {
  enqueued: ['enqueued', 'Jobs enqueued since the queue began.'],
  dispatched: ['dispatched', 'Attempts begun since the queue began.'],
  completed: ['completed', 'Jobs completed since the queue began.'],
  failed: ['failed', 'Attempts that ended without success since the queue began, not counting crashes and cancels.'],
  retried: ['retried', 'Jobs put back to run again since the queue began.'],
  crashed: ['crashed', 'Jobs put back since the queue began, because their runner died.'],
  timedOut: ['timeout', 'Attempts that ran into their timeout since the queue began.'],
  dead: ['dead', 'Jobs that died since the queue began.'],
  expired: ['expired', 'Jobs that died since the queue began, because no attempt began in time.'],
  cancelled: ['cancelled', 'Cancel requests since the queue began.'],
  pruned: ['pruned', 'Finished jobs forgotten since the queue began.'],
  removed: ['removed', 'Jobs removed one by one since the queue began.'],
};

/**
 * What a queue tells about itself. Give `observer` to `openStore`, then `attach` what that gave; from then on it
 * collects. Histograms and the counters of the log begin with this process.
 */
export class QueueMetrics {
  readonly observer: StoreObserver;
  readonly #registry = new MetricsRegistry();
  readonly #waited = this.#registry.histogram(
    'queue_job_wait_seconds',
    'From the moment a job could run to the start of its attempt.',
    jobSeconds,
  );
  readonly #ran = this.#registry.histogram(
    'queue_job_run_seconds',
    'From DISPATCH to the end of an attempt.',
    jobSeconds,
  );
  readonly #took = this.#registry.histogram(
    'queue_job_latency_seconds',
    'From enqueue to the end of a job, completed or dead.',
    jobSeconds,
  );
  readonly #syncs = this.#registry.histogram('queue_wal_fsync_seconds', 'Syncs of the log.', syncSeconds);
  readonly #batches = this.#registry.histogram(
    'queue_wal_commit_records',
    'Events that shared one sync of the log.',
    batchRecords,
  );
  #parts: MetricsParts | undefined;
  #writtenBytes = 0;
  #snapshots = 0;
  #snapshotMs: number | undefined;
  #log: { segments: number; bytes: number } | undefined;

  constructor() {
    this.observer = {
      committed: ({ bytes, records, syncMs }) => {
        this.#writtenBytes += bytes;
        this.#syncs.observe(syncMs / 1000);
        if (records > 0) this.#batches.observe(records);
      },
      snapshotWritten: (_snapshot, ms) => {
        this.#snapshots++;
        this.#snapshotMs = ms;
      },
    };
  }

  attach(parts: MetricsParts): void {
    this.#parts = parts;
    this.#addJobs(parts);
    this.#addRunner(parts);
    this.#addLog(parts);
    this.#addSnapshots(parts);
    parts.store.machine.observer = (event, before, after) => this.#changed(event, before, after);
  }

  /** In Prometheus text form. Rejects as the file system does. */
  async text(): Promise<string> {
    if (this.#parts !== undefined) this.#log = await logSize(this.#parts.env, this.#parts.store.dir);
    return this.#registry.text();
  }

  #changed(event: JobChangeEvent, before: Job | undefined, after: Job): void {
    if (event.type === 'DISPATCH' && before?.state === 'pending') {
      this.#waited.observe(seconds(event.at - readySince(before)));
    } else if (before?.state === 'in_flight' && after.state !== 'in_flight') {
      this.#ran.observe(seconds(tookMs(before.startedAt, event.at)));
    }
    if (isEnded(after)) this.#took.observe(seconds(after.endedAt - after.createdAt));
  }

  #addJobs({ env, engine, store: { machine } }: MetricsParts): void {
    const { clock } = env;
    for (const [total, [name, help]] of Object.entries(totals)) {
      this.#registry.counter(`queue_jobs_${name}_total`, help, () => machine.totals[total as keyof typeof totals]);
    }
    this.#registry.gauge('queue_jobs', 'Jobs by state and phase.', () => phases(engine, machine));
    this.#registry.gauge('queue_jobs_pending', 'Jobs that wait.', () => machine.counts.pending);
    this.#registry.gauge('queue_jobs_in_flight', 'Jobs being worked on.', () => machine.counts.in_flight);
    this.#registry.gauge('queue_oldest_ready_seconds', 'How long the oldest job that may run has waited.', () => {
      const job = machine.ready.oldest(clock.now());
      return job === undefined ? 0 : seconds(clock.now() - readySince(job));
    });
    this.#registry.gauge('queue_pauses', 'Pauses in force.', () => machine.settings.pauses.length);
  }

  #addRunner({ engine, runner }: MetricsParts): void {
    this.#registry.gauge('queue_runner_up', '1 while a runner is at work here, else 0.', () =>
      runner() === undefined ? 0 : 1,
    );
    this.#registry.gauge('queue_runner_workers', 'Jobs that may run at a time.', () => runner()?.workers);
    this.#registry.gauge('queue_runner_running', 'Attempts running now.', () => runner()?.running);
    this.#registry.gauge(
      'queue_verdicts_stalled',
      'Outcomes of attempts that wait for room on the disk.',
      () => engine.status().stalled,
    );
  }

  #addLog({ store }: MetricsParts): void {
    const { recovery } = store;
    this.#registry.gauge('queue_info', 'The store: its id is the label.', () => [
      { labels: { store_id: store.id }, value: 1 },
    ]);
    this.#registry.gauge(
      'queue_recovery_time_seconds',
      'How long the last opening of the store took.',
      () => recovery.ms / 1000,
    );
    this.#registry.gauge('queue_recovery_events', 'Events that the last opening replayed.', () => recovery.replayed);
    this.#registry.gauge('queue_wal_seq', 'Number of the last event.', () => store.seqLast);
    this.#registry.counter('queue_wal_written_bytes_total', 'Bytes committed to the log.', () => this.#writtenBytes);
    this.#registry.gauge('queue_wal_size_bytes', 'Bytes of the log on disk.', () => this.#log?.bytes);
    this.#registry.gauge('queue_wal_segments', 'Files of the log.', () => this.#log?.segments);
    this.#registry.gauge('queue_wal_failed', '1 once the disk has failed: nothing is written any more.', () =>
      store.poison === undefined ? 0 : 1,
    );
  }

  #addSnapshots({ env, store }: MetricsParts): void {
    const { clock } = env;
    this.#registry.counter('queue_snapshots_total', 'Snapshots written.', () => this.#snapshots);
    this.#registry.gauge('queue_snapshot_seconds', 'How long the last one written here took.', () =>
      this.#snapshotMs === undefined ? undefined : this.#snapshotMs / 1000,
    );
    this.#registry.gauge('queue_snapshot_bytes', 'Size of the newest snapshot.', () => store.lastSnapshot?.bytes);
    this.#registry.gauge('queue_snapshot_age_seconds', 'Age of the newest snapshot.', () => {
      const { lastSnapshot } = store;
      return lastSnapshot === undefined ? undefined : seconds(clock.now() - lastSnapshot.createdMs);
    });
  }
}

/** Each job is in exactly one of them. */
function phases(engine: QueueEngine, machine: QueueMachine): Sample[] {
  const { counts, ready, delayed, blocked } = engine.status();
  let leased = 0;
  for (const _lease of machine.leases()) leased++;
  const one = (state: string, phase: string, value: number): Sample => ({ labels: { state, phase }, value });
  return [
    one('pending', 'ready', ready),
    one('pending', 'delayed', delayed),
    one('pending', 'blocked', blocked),
    one('in_flight', 'running', counts.in_flight - leased),
    one('in_flight', 'leased', leased),
    one('completed', 'completed', counts.completed),
    one('dead', 'dead', counts.dead),
  ];
}

/** The wall clock may step back. */
function seconds(ms: number): number {
  return Math.max(0, ms) / 1000;
}

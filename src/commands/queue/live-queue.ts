import type { Finding } from '../../base/finding.ts';
import { QueueMachine } from '../../queue/state/machine.ts';
import { replayTo } from '../../storage/replay.ts';
import { LogTail } from '../../storage/tail.ts';
import type { StorageEnv } from '../../storage/types.ts';

/** Pauses between looks: short while things happen, long while nothing does. */
const pauseMsMin = 25;
const pauseMsMax = 500;

/**
 * The state of a queue that somebody else works on, kept up to date from the files alone: read whole once, then each
 * event as it becomes durable. Where the log cannot be followed (no HEAD, a cut, cleaning that was faster) it is read
 * whole again, which costs the same time again, so more seldom.
 */
export class LiveQueue {
  machine = new QueueMachine();
  seq = 0;
  /** Of the last reading as a whole. */
  findings: Finding[] = [];
  readonly #env: StorageEnv;
  readonly #store: string;
  readonly #tail: LogTail;
  #pauseMs = pauseMsMin;
  #readingMs = 0;

  constructor(env: StorageEnv, store: string) {
    this.#env = env;
    this.#store = store;
    this.#tail = new LogTail(env, store);
  }

  /** Rejects as `replayTo` does. */
  async open(): Promise<void> {
    const startedAt = this.#env.clock.monotonic();
    // Stands first and reads then: what lies between is handed out twice, not never.
    await this.#tail.begin();
    const { machine, seq, findings } = await replayTo(this.#env, this.#store, () => new QueueMachine());
    this.machine = machine;
    this.seq = seq;
    this.findings = findings;
    this.#readingMs = this.#env.clock.monotonic() - startedAt;
  }

  /**
   * Takes what has happened since; each record is handed out when the state has it, its bytes valid during the call
   * only. 'reread': the state is another object, and records in between were not handed out. Rejects as `replayTo`.
   */
  async advance(onRecord?: (record: Uint8Array, seq: number) => void): Promise<'quiet' | 'moved' | 'reread'> {
    let gap = false;
    const before = this.seq;
    const moved = await this.#tail.next((record, seq) => {
      if (gap || seq <= this.seq) return;
      gap = seq !== this.seq + 1;
      if (gap) return;
      this.machine.apply(record, seq);
      this.seq = seq;
      onRecord?.(record, seq);
    });
    if (moved === 'lost' || gap) {
      await this.open();
      const changed = this.seq !== before;
      this.#pauseMs = changed ? pauseMsMin : Math.min(pauseMsMax, this.#pauseMs * 2);
      return changed ? 'reread' : 'quiet';
    }
    this.#pauseMs = this.seq > before ? pauseMsMin : Math.min(pauseMsMax, this.#pauseMs * 2);
    return this.seq > before ? 'moved' : 'quiet';
  }

  /** Until the next look is worth its while, `mostMs` at the most. */
  async pause(mostMs = pauseMsMax): Promise<void> {
    const quiet = this.#tail.follows ? this.#pauseMs : Math.max(this.#pauseMs, 5 * this.#readingMs);
    await this.#env.clock.sleep(Math.min(quiet, mostMs));
  }
}

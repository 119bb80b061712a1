import type { Owner, PruneEvent } from '../../queue/events/event-types.ts';

/** A job as long as it is in the queue and has not completed. */
export interface Life {
  readonly name: string;
  /** When it could be begun; undefined: the log does not tell. */
  readyAt: number | undefined;
  /** When the attempt began that goes on, or waits for what is said of its timeout. */
  startedAt: number | undefined;
  /** Who has it. */
  owner: Owner['kind'] | undefined;
  /** Of its events. */
  bytes: number;
  /** Seq of what it died of. */
  deadSeq: number | undefined;
}

/** Jobs whose ENQUEUE is not in the log: it was cleaned, or lost. */
export const unknownName = '?';

/**
 * The jobs that live, and those that are dead: these may be called back, and are still who they were. Both stay as long
 * as the queue has them, so memory grows with them and with no job that completed.
 */
export class Lives {
  readonly #living = new Map<string, Life>();
  readonly #dead = new Map<string, Life>();

  get unfinished(): number {
    return this.#living.size;
  }

  get liveBytes(): number {
    let bytes = 0;
    for (const life of this.#living.values()) bytes += life.bytes;
    return bytes;
  }

  of(id: string): Life | undefined {
    return this.#living.get(id) ?? this.#dead.get(id);
  }

  begin(id: string, name: string, readyAt: number | undefined): Life {
    const life = { name, readyAt, startedAt: undefined, owner: undefined, bytes: 0, deadSeq: undefined };
    this.#dead.delete(id);
    this.#living.set(id, life);
    return life;
  }

  die(id: string, life: Life, seq: number): void {
    life.deadSeq = seq;
    life.owner = undefined;
    this.#living.delete(id);
    this.#dead.set(id, life);
  }

  revive(id: string, life: Life): void {
    life.deadSeq = undefined;
    this.#dead.delete(id);
    this.#living.set(id, life);
  }

  forget(id: string): void {
    this.#living.delete(id);
    this.#dead.delete(id);
  }

  prune({ ids, cutoff }: PruneEvent): void {
    for (const id of ids ?? []) this.#dead.delete(id);
    if (cutoff?.dead !== true) return;
    for (const [id, { deadSeq = 0 }] of this.#dead) if (deadSeq <= cutoff.seq) this.#dead.delete(id);
  }
}

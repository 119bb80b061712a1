import type { Owner, PruneEvent } from '../../queue/events/event-types.ts';

/** A job as long as it is in the queue and has not completed. */
export interface Life {
  readonly name: string;
  /** Those that have to complete before it. */
  readonly parents: readonly string[];
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
  /** Those that wait for a job, by its id, until it completes or they show that they wait for it no more. */
  readonly #waiting = new Map<string, Set<Life>>();

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

  enqueue(id: string, name: string, readyAt: number, parents: readonly string[] = []): Life {
    this.forget(id);
    // Whoever still seems to wait for this id waited for a job that had completed before.
    this.#waiting.delete(id);
    return this.#begin(id, name, readyAt, parents);
  }

  /** A job whose ENQUEUE is not in the log. */
  meet(id: string): Life {
    return this.#begin(id, unknownName, undefined, []);
  }

  #begin(id: string, name: string, readyAt: number | undefined, parents: readonly string[]): Life {
    const life = { name, parents, readyAt, startedAt: undefined, owner: undefined, bytes: 0, deadSeq: undefined };
    this.#living.set(id, life);
    this.#wait(life);
    return life;
  }

  /** It completed: those that waited for it alone could be begun from then on. */
  complete(id: string, at: number): void {
    for (const life of this.#waiting.get(id) ?? []) life.readyAt = Math.max(life.readyAt ?? at, at);
    this.#waiting.delete(id);
    this.forget(id);
  }

  /** It was begun, so nothing that it could wait for matters any more. */
  free(life: Life): void {
    for (const parent of life.parents) {
      const waiting = this.#waiting.get(parent);
      if (waiting?.delete(life) && waiting.size === 0) this.#waiting.delete(parent);
    }
  }

  #wait(life: Life): void {
    for (const parent of life.parents) {
      const waiting = this.#waiting.get(parent);
      if (waiting === undefined) this.#waiting.set(parent, new Set([life]));
      else waiting.add(life);
    }
  }

  die(id: string, life: Life, seq: number): void {
    life.deadSeq = seq;
    life.owner = undefined;
    this.free(life);
    this.#living.delete(id);
    this.#dead.set(id, life);
  }

  revive(id: string, life: Life): void {
    life.deadSeq = undefined;
    this.#dead.delete(id);
    this.#living.set(id, life);
    this.#wait(life);
  }

  forget(id: string): void {
    const life = this.#living.get(id);
    if (life !== undefined) this.free(life);
    this.#living.delete(id);
    this.#dead.delete(id);
  }

  prune({ ids, cutoff }: PruneEvent): void {
    for (const id of ids ?? []) this.#dead.delete(id);
    if (cutoff?.dead !== true) return;
    for (const [id, { deadSeq = 0 }] of this.#dead) if (deadSeq <= cutoff.seq) this.#dead.delete(id);
  }
}

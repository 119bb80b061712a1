import type { Job } from './job.ts';

/**
 * Which jobs hold which unique key. Nearly always that is one; it is more when a job comes after one that is being
 * worked on. Derived from the state.
 */
export class Keys {
  readonly #holders = new Map<string, string | Set<string>>();

  /** This job came into the state or changed there. */
  put(job: Job): void {
    const { key, keyUntil } = job.special ?? {};
    if (key === undefined) return;
    if (keyUntil === undefined && (job.state === 'completed' || job.state === 'dead')) this.drop(job);
    else this.#add(key, job.id);
  }

  #add(key: string, id: string): void {
    const known = this.#holders.get(key);
    if (known === undefined) this.#holders.set(key, id);
    else if (typeof known !== 'string') known.add(id);
    else if (known !== id) this.#holders.set(key, new Set([known, id]));
  }

  /** It is there no longer. */
  drop(job: Job): void {
    const key = job.special?.key;
    if (key === undefined) return;
    const known = this.#holders.get(key);
    if (known === job.id) this.#holders.delete(key);
    else if (known instanceof Set && known.delete(job.id) && known.size === 0) this.#holders.delete(key);
  }

  idsOf(key: string): Iterable<string> {
    const known = this.#holders.get(key);
    if (known === undefined) return [];
    return typeof known === 'string' ? [known] : known;
  }
}

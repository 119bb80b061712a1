import type { PendingJob } from './job.ts';

/** Which pending jobs wait for which parents. Derived from the state. */
export class Family {
  readonly #children = new Map<string, Set<string>>();
  #size = 0;

  /** Jobs that wait for others. */
  get size(): number {
    return this.#size;
  }

  /** A pending job came into the state. */
  add(job: PendingJob): void {
    if (job.special?.waitingFor !== undefined) this.#size++;
    for (const parent of job.special?.waitingFor ?? []) {
      const known = this.#children.get(parent);
      if (known) known.add(job.id);
      else this.#children.set(parent, new Set([job.id]));
    }
  }

  /** It is there no longer, or another object stands for it. */
  forget(job: PendingJob): void {
    if (job.special?.waitingFor !== undefined) this.#size--;
    for (const parent of job.special?.waitingFor ?? []) {
      const known = this.#children.get(parent);
      known?.delete(job.id);
      if (known?.size === 0) this.#children.delete(parent);
    }
  }

  /** Ids of the jobs that wait for this one, in the order they began to. */
  childrenOf(id: string): readonly string[] {
    const known = this.#children.get(id);
    return known === undefined ? [] : [...known];
  }

  hasChildren(id: string): boolean {
    return this.#children.has(id);
  }

  /** All that wait for it, directly or not; each once. */
  descendantsOf(id: string): readonly string[] {
    if (!this.#children.has(id)) return [];
    const found = new Set<string>();
    const open = [id];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      for (const child of this.#children.get(next) ?? []) {
        if (found.has(child)) continue;
        found.add(child);
        open.push(child);
      }
    }
    return [...found];
  }
}

/** The parents that a job still waits for, without this one. */
export function withoutParent(job: PendingJob, parent: string): readonly string[] | undefined {
  const left = job.special?.waitingFor?.filter((id) => id !== parent);
  return left === undefined || left.length === 0 ? undefined : left;
}

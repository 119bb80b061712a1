/** One operation's hold on its keys. */
interface Ticket {
  keys: readonly string[];
  /** Holds of earlier operations it still waits for. */
  ahead: number;
  followers: Ticket[];
  grant: () => void;
}

/**
 * Who may touch which job id (or other key) while an operation is between its validation and the moment its frame is
 * applied or rejected. Without this, two operations that are valid alone could meet in one frame and make a log that
 * cannot be applied.
 *
 * First come, first served on each key. An operation asks for all its keys at once, so no two can wait for each other.
 */
export class Reservations {
  readonly #last = new Map<string, Ticket>();
  #underWay = 0;
  #whenIdle: (() => void)[] = [];

  isHeld(key: string): boolean {
    return this.#last.has(key);
  }

  /** Keys held now. */
  get size(): number {
    return this.#last.size;
  }

  /**
   * Runs `operation` once it holds all keys (each named once), and lets go of them when it settles. With free keys it
   * starts within this call: what it does before its first await happens at once, in the order of the calls.
   */
  async hold<T>(keys: readonly string[], operation: () => Promise<T>): Promise<T> {
    this.#underWay++;
    const ticket: Ticket = { keys, ahead: 0, followers: [], grant: () => undefined };
    for (const key of keys) {
      const before = this.#last.get(key);
      if (before !== undefined) {
        before.followers.push(ticket);
        ticket.ahead++;
      }
      this.#last.set(key, ticket);
    }
    if (ticket.ahead > 0) {
      await new Promise<void>((resolve) => {
        ticket.grant = resolve;
      });
    }
    try {
      return await operation();
    } finally {
      this.#release(ticket);
    }
  }

  /**
   * The same for an operation whose keys depend on the state: `plan` names them, and once they are held it is asked
   * again. Did the state change in such a way that it now names others, those are asked for instead.
   */
  async holdPlanned<T>(plan: () => Iterable<string>, operation: () => Promise<T>): Promise<T> {
    for (let keys = new Set(plan()); ; ) {
      const outcome = await this.hold([...keys], async () => {
        const now = new Set(plan());
        for (const key of now) if (!keys.has(key)) return { keys: now };
        return { value: await operation() };
      });
      if ('value' in outcome) return outcome.value as T;
      keys = outcome.keys;
    }
  }

  /** Resolves when no operation is under way or waiting. */
  async idle(): Promise<void> {
    if (this.#underWay > 0) await new Promise<void>((resolve) => this.#whenIdle.push(resolve));
  }

  #release(ticket: Ticket): void {
    this.#underWay--;
    for (const key of ticket.keys) if (this.#last.get(key) === ticket) this.#last.delete(key);
    for (const follower of ticket.followers) if (--follower.ahead === 0) follower.grant();
    if (this.#underWay === 0) for (const resolve of this.#whenIdle.splice(0)) resolve();
  }
}

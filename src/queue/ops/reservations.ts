/** One operation's hold on its keys. A class and no literal: base/array-of-one.ts says why. */
export class Hold {
  readonly keys: readonly string[];
  /** Resolves when it holds them all; absent when it does so at once. */
  granted: Promise<void> | undefined = undefined;
  /** Holds of earlier operations it still waits for. */
  ahead = 0;
  /** Those that wait for it; nearly never any. */
  followers: Hold[] | undefined = undefined;
  grant: (() => void) | undefined = undefined;

  constructor(keys: readonly string[]) {
    this.keys = keys;
  }
}

/**
 * Who may touch which job id (or other key) while an operation is between its validation and the moment its frame is
 * applied or rejected. Without this, two operations that are valid alone could meet in one frame and make a log that
 * cannot be applied.
 *
 * First come, first served on each key. An operation asks for all its keys at once, so no two can wait for each other.
 */
export class Reservations {
  readonly #last = new Map<string, Hold>();
  #underWay = 0;
  #whenIdle: (() => void)[] = [];

  isHeld(key: string): boolean {
    return this.#last.has(key);
  }

  /**
   * Runs `operation` once it holds all keys (each named once), and lets go of them when it settles. With free keys it
   * starts within this call: what it does before its first await happens at once, in the order of the calls.
   */
  hold<T>(keys: readonly string[], operation: () => Promise<T>): Promise<T> {
    const hold = this.enter(keys);
    if (hold.granted === undefined) return this.within(hold, operation);
    return hold.granted.then(() => this.within(hold, operation));
  }

  /** The second half of `hold`: runs `operation` and leaves. No async function: many small operations pass here. */
  within<T>(hold: Hold, operation: () => Promise<T>): Promise<T> {
    let running: Promise<T>;
    try {
      running = operation();
    } catch (error) {
      this.leave(hold);
      return Promise.reject(error);
    }
    return running.then(
      (value) => {
        this.leave(hold);
        return value;
      },
      (error) => {
        this.leave(hold);
        throw error;
      },
    );
  }

  /** The first half of `hold`. Whoever enters must leave, whatever happens. */
  enter(keys: readonly string[]): Hold {
    this.began();
    const hold = new Hold(keys);
    for (const key of keys) {
      const before = this.#last.get(key);
      if (before !== undefined) {
        before.followers ??= [];
        before.followers.push(hold);
        hold.ahead++;
      }
      this.#last.set(key, hold);
    }
    if (hold.ahead > 0) {
      hold.granted = new Promise<void>((resolve) => {
        hold.grant = resolve;
      });
    }
    return hold;
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

  leave(hold: Hold): void {
    for (const key of hold.keys) if (this.#last.get(key) === hold) this.#last.delete(key);
    if (hold.followers !== undefined) {
      for (const follower of hold.followers) if (--follower.ahead === 0) follower.grant?.();
    }
    this.ended();
  }

  /** An operation that needs no keys is under way, until `ended`. */
  began(): void {
    this.#underWay++;
  }

  ended(): void {
    if (--this.#underWay === 0) for (const resolve of this.#whenIdle.splice(0)) resolve();
  }
}

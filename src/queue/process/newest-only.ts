/**
 * Values for one who may be slow to take them: one at a time is on its way, and of those that come meanwhile only the
 * newest waits.
 */
export class NewestOnly<T> {
  readonly #send: (value: T, taken: () => void) => void;
  #busy = false;
  #waiting: { value: T } | undefined;

  constructor(send: (value: T, taken: () => void) => void) {
    this.#send = send;
  }

  put(value: T): void {
    if (this.#busy) {
      this.#waiting = { value };
      return;
    }
    this.#busy = true;
    this.#send(value, () => {
      const next = this.#waiting;
      this.#busy = false;
      this.#waiting = undefined;
      if (next !== undefined) this.put(next.value);
    });
  }
}

import type { Ora } from 'ora';
import { bytes } from './text.ts';

const showAfterMs = 1000;

/**
 * A progress line on stderr, for work longer than a second and only on a terminal. ora prints even without one, so it
 * is neither asked nor loaded there.
 */
export class Progress {
  readonly #enabled: boolean;
  readonly #startedAt = performance.now();
  #checkedAt = 0;
  #spinner: Ora | undefined;
  #loading = false;
  #stopped = false;
  #text = '';

  constructor(enabled: boolean) {
    this.#enabled = enabled;
  }

  /** `done` and `total` in bytes. */
  report(done: number, total: number | undefined): void {
    if (!this.#enabled || this.#stopped) return;
    const now = performance.now();
    if (now - this.#startedAt < showAfterMs || now - this.#checkedAt < 100) return;
    this.#checkedAt = now;
    this.#text = progressText(done, total, (now - this.#startedAt) / 1000);
    if (this.#spinner !== undefined) {
      this.#spinner.text = this.#text;
      // The work keeps the thread busy, so the spinner's own timer seldom runs.
      this.#spinner.render();
      return;
    }
    if (this.#loading) return;
    this.#loading = true;
    // A progress line that cannot be loaded is no reason to fail.
    import('ora').then(
      ({ default: ora }) => {
        if (this.#stopped) return;
        this.#spinner = ora({ stream: process.stderr, text: this.#text, discardStdin: false, color: 'cyan' }).start();
      },
      () => {},
    );
  }

  /** Takes the line away so that another can be written; the next report brings it back. */
  clear(): void {
    this.#spinner?.clear();
  }

  stop(): void {
    this.#stopped = true;
    this.#spinner?.stop();
    this.#spinner = undefined;
  }
}

/** '412 MiB of 1.2 GiB  34%  1.1 GiB/s  1 s left' */
export function progressText(done: number, total: number | undefined, seconds: number): string {
  const rate = done / Math.max(seconds, 0.001);
  if (total === undefined || total <= 0) return `${bytes(done)}  ${bytes(rate)}/s`;
  const left = Math.max(0, Math.ceil((total - done) / Math.max(rate, 1)));
  const percent = Math.min(100, Math.floor((done / total) * 100));
  return `${bytes(done)} of ${bytes(total)}  ${percent}%  ${bytes(rate)}/s  ${left} s left`;
}

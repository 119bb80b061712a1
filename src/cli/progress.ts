import type { Ora } from 'ora';
import type { Clock } from '../base/clock.ts';
import { systemClock } from '../base/node-clock.ts';
import { bytes } from './text.ts';
import type { ByteMeter } from './watched-fs.ts';

/** Whether a line can be drawn over again: not on a dumb terminal, and what a CI server shows is a file that grows. */
export function drawsOver(variables: Readonly<Record<string, string | undefined>>, isTerminal: boolean): boolean {
  return isTerminal && variables.TERM !== 'dumb' && variables.CI === undefined;
}

/** ora does not read NO_COLOR. */
export type ProgressLook = 'none' | 'plain' | 'colored';

const showAfterMs = 1000;
const redrawMs = 100;
/** Redraws over which the speed is taken: a later pass may be slower than the one before. */
const samplesMax = 30;

/**
 * A progress line on stderr, for work longer than a second and only where a line can be drawn over. ora prints even
 * where it cannot, so it is neither asked nor loaded there. What is shown is what files give and take: every command
 * reads and writes some, so none has to count.
 */
export class Progress implements ByteMeter {
  readonly #look: ProgressLook;
  readonly #stream: NodeJS.WritableStream & { columns?: number };
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #startedAt: number;
  #shownAt = 0;
  #read = 0;
  #toRead = 0;
  #written = 0;
  #samples: { done: number; ms: number }[] = [];
  /** Of what is no file, and of files whose reader counts for itself. */
  #reported: { done: number; total: number | undefined } = { done: 0, total: undefined };
  #spinner: Ora | undefined;
  #loading = false;
  #stopped = false;

  constructor(
    look: ProgressLook,
    stream: NodeJS.WritableStream & { columns?: number } = process.stderr,
    clock: Pick<Clock, 'monotonic'> = systemClock,
  ) {
    this.#look = look;
    this.#stream = stream;
    this.#clock = clock;
    this.#startedAt = clock.monotonic();
  }

  expect(more: number): void {
    this.#toRead += more;
  }

  read(more: number): void {
    this.#read += more;
    this.#tick();
  }

  wrote(more: number): void {
    this.#written += more;
    this.#tick();
  }

  /** `done` and `total` in bytes. */
  report(done: number, total: number | undefined): void {
    this.#reported = { done, total };
    this.#tick();
  }

  #tick(): void {
    // A terminal that has no size yet has no room for a line either, and ora would clear it for ever.
    if (this.#look === 'none' || this.#stopped || this.#stream.columns === 0) return;
    const now = this.#clock.monotonic();
    if (now - this.#startedAt < showAfterMs || now - this.#shownAt < redrawMs) return;
    this.#shownAt = now;
    const text = this.#textAt(now);
    if (this.#spinner !== undefined) {
      this.#spinner.text = text;
      // The work keeps the thread busy, so the spinner's own timer seldom runs.
      this.#spinner.render();
      return;
    }
    if (!this.#loading) this.#load(text);
  }

  #textAt(now: number): string {
    const { done, total } = this.#reported;
    // Standard input: its bytes pass by no file.
    if (done > this.#read) return progressText(done, total, this.#rate(done, now));
    if (this.#read < this.#toRead || this.#written === 0) {
      return progressText(this.#read, this.#toRead, this.#rate(this.#read, now));
    }
    // All is read that is known of: what comes of it is being written, nobody knows how much.
    return `${bytes(this.#written)} written`;
  }

  /** Bytes a second, lately. */
  #rate(done: number, now: number): number {
    this.#samples.push({ done, ms: now });
    if (this.#samples.length > samplesMax) this.#samples.shift();
    const [first] = this.#samples;
    if (first === undefined || first.ms === now || first.done > done) {
      return (done * 1000) / Math.max(1, now - this.#startedAt);
    }
    return ((done - first.done) * 1000) / (now - first.ms);
  }

  #load(text: string): void {
    this.#loading = true;
    // A progress line that cannot be loaded is no reason to fail.
    const loading = import('./spinner.ts').then(({ importOra }) => importOra());
    loading.then(
      ({ default: ora }) => {
        if (this.#stopped) return;
        // Enabled: ora would ask the environment again, and print lines one below the other where it finds fault.
        const color = this.#look === 'colored' ? 'cyan' : false;
        this.#spinner = ora({ stream: this.#stream, text, isEnabled: true, discardStdin: false, color }).start();
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

const barCells = 16;

/** '█████░░░░░░░░░░░  34%  412 MiB of 1.2 GiB  1.1 GiB/s  1 s left'; `rate` in bytes a second. */
export function progressText(done: number, total: number | undefined, rate: number): string {
  if (total === undefined || total <= 0) return `${bytes(done)}  ${bytes(rate)}/s`;
  const left = Math.max(0, Math.ceil((total - done) / Math.max(rate, 1)));
  const part = Math.min(1, done / total);
  const full = Math.floor(part * barCells);
  const bar = '█'.repeat(full) + '░'.repeat(barCells - full);
  const percent = String(Math.floor(part * 100)).padStart(3);
  return `${bar} ${percent}%  ${bytes(done)} of ${bytes(total)}  ${bytes(rate)}/s  ${left} s left`;
}

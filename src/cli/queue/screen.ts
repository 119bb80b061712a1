import type { Session } from '../session.ts';

/** A screen of its own, no cursor, and no line that is too long for it goes on in the next one. */
const enter = '\u001b[?1049h\u001b[?25l\u001b[?7l';
const leave = '\u001b[?7h\u001b[?25h\u001b[?1049l';
const home = '\u001b[H';
const clearLine = '\u001b[K';

const endKeys = new Set(['q', 'Q', '\u0003', '\u0004', '\u001b']);

/**
 * The whole terminal for a while: a screen of its own, so that what stood there comes back, no cursor, and keys at
 * once. However it ends, by a key, a signal, an error or the end of the process, the terminal is as it was.
 */
export class Screen {
  readonly #session: Session;
  readonly #onEnd: () => void;
  #redraw: () => Promise<void> | undefined = () => undefined;
  #open = false;

  /** `onEnd`: somebody has had enough. */
  constructor(session: Session, onEnd: () => void) {
    this.#session = session;
    this.#onEnd = onEnd;
  }

  get size(): { rows: number; columns: number } {
    const { rows, columns } = process.stdout;
    return { rows: Math.max(8, rows || 24), columns: Math.max(40, columns || 80) };
  }

  /** `redraw` is called when the terminal has another size. */
  open(redraw: () => Promise<void> | undefined): void {
    this.#open = true;
    this.#redraw = redraw;
    this.#session.takeSignals();
    for (const signal of signals) process.on(signal, this.#onEnd);
    process.on('SIGCONT', this.#onResize);
    process.stdout.on('resize', this.#onResize);
    process.once('exit', this.#restore);
    process.stdout.write(enter);
    if (process.stdin.isTTY) {
      process.stdin.setRawMode(true);
      process.stdin.on('data', this.#onKey);
      process.stdin.resume();
    }
  }

  /** Lines that fit the size: written over those that stand there, which does not flicker. */
  async draw(lines: readonly string[]): Promise<void> {
    if (!this.#open) return;
    // Cleared first: behind a line of full width the cursor still stands on its last character.
    await this.#session.out.write(`${home}${lines.map((line) => clearLine + line).join('\r\n')}`);
    await this.#session.out.flush();
  }

  async close(): Promise<void> {
    if (!this.#open) return;
    for (const signal of signals) process.off(signal, this.#onEnd);
    process.off('SIGCONT', this.#onResize);
    process.stdout.off('resize', this.#onResize);
    process.off('exit', this.#restore);
    process.stdin.off('data', this.#onKey);
    this.#restore();
    process.stdin.pause();
  }

  readonly #restore = (): void => {
    if (!this.#open) return;
    this.#open = false;
    if (process.stdin.isTTY) process.stdin.setRawMode(false);
    process.stdout.write(leave);
  };

  readonly #onKey = (chunk: Buffer): void => {
    if (endKeys.has(chunk.toString('latin1'))) this.#onEnd();
  };

  readonly #onResize = (): void => {
    // A terminal that is gone says so at the next frame too.
    this.#redraw()?.catch(() => undefined);
  };
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

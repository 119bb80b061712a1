import { Writable } from 'node:stream';
import chalk from 'chalk';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { drawsOver, Progress, type ProgressLook } from '../../src/cli/progress.ts';

const hideCursor = '\u001b[?25l';
const showCursor = '\u001b[?25h';

/** A terminal that remembers what it was sent. */
class Terminal extends Writable {
  readonly isTTY = true;
  columns = 80;
  sent = '';
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.sent += chunk.toString();
    done();
  }
  cursorTo(): boolean {
    this.sent += '<column>';
    return true;
  }
  clearLine(): boolean {
    this.sent += '<clear>';
    return true;
  }
  moveCursor(): boolean {
    return true;
  }
  getColorDepth(): number {
    return 1;
  }
}

function progressOn(look: ProgressLook = 'colored'): { progress: Progress; terminal: Terminal } {
  const terminal = new Terminal();
  return { progress: new Progress(look, terminal, { monotonic: () => performance.now() }), terminal };
}

/** Lets the line be loaded. */
async function loaded(): Promise<void> {
  const { importOra } = await import('../../src/cli/spinner.ts');
  await importOra();
  await vi.advanceTimersByTimeAsync(0);
}

const mebibyte = 1024 * 1024;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('the progress line', () => {
  it('comes after a second, with the speed of late and the time that is left', async () => {
    const { progress, terminal } = progressOn();
    progress.expect(100 * mebibyte);
    progress.read(10 * mebibyte);
    await loaded();
    expect(terminal.sent).toBe('');
    for (let step = 0; step < 20; step++) {
      vi.advanceTimersByTime(100);
      progress.read(mebibyte);
      await loaded();
    }
    expect(terminal.sent).toContain(hideCursor);
    expect(terminal.sent).toMatch(/█{4}░{12} {2}30% {2}30 MiB of 100 MiB {2}10 MiB\/s {2}7 s left/);
    progress.stop();
  });

  it('says what is written once all is read, and what comes from no file', async () => {
    const { progress, terminal } = progressOn();
    progress.expect(mebibyte);
    progress.read(mebibyte);
    vi.advanceTimersByTime(1100);
    progress.wrote(5 * mebibyte);
    await loaded();
    vi.advanceTimersByTime(200);
    progress.wrote(mebibyte);
    expect(terminal.sent).toContain('6 MiB written');
    vi.advanceTimersByTime(200);
    progress.report(4 * mebibyte, 8 * mebibyte);
    expect(terminal.sent).toContain(' 50%  4 MiB of 8 MiB');
    progress.stop();
  });

  it('gives the terminal back: the line is gone, the cursor is there', async () => {
    const { progress, terminal } = progressOn();
    vi.advanceTimersByTime(1100);
    progress.read(1);
    await loaded();
    expect(terminal.sent.lastIndexOf(hideCursor)).toBeGreaterThan(-1);
    terminal.sent = '';
    progress.stop();
    expect(terminal.sent).toContain('<clear>');
    expect(terminal.sent).toContain(showCursor);
    terminal.sent = '';
    vi.advanceTimersByTime(1000);
    progress.read(1);
    await loaded();
    expect(terminal.sent).toBe('');
  });

  it('does not come on a terminal that has no size', async () => {
    const { progress, terminal } = progressOn();
    terminal.columns = 0;
    progress.expect(100);
    vi.advanceTimersByTime(2000);
    progress.read(50);
    await loaded();
    vi.advanceTimersByTime(2000);
    progress.read(10);
    progress.stop();
    expect(terminal.sent).toBe('');
  });

  it('is drawn where a line can be drawn over', () => {
    expect(drawsOver({}, true)).toBe(true);
    expect(drawsOver({}, false)).toBe(false);
    expect(drawsOver({ TERM: 'dumb' }, true)).toBe(false);
    expect(drawsOver({ CI: 'true' }, true)).toBe(false);
  });

  it('asks the environment nothing once it is wanted', async () => {
    vi.stubEnv('CI', 'true');
    vi.stubEnv('TERM', 'dumb');
    const { progress, terminal } = progressOn();
    vi.advanceTimersByTime(1100);
    progress.read(1);
    await loaded();
    vi.unstubAllEnvs();
    expect(terminal.sent).toContain(hideCursor);
    progress.stop();
  });

  it('has a colour only where colours are wanted', async () => {
    // As on a terminal: ora asks the chalk that is shared.
    const { level } = chalk;
    onTestFinished(() => {
      chalk.level = level;
    });
    chalk.level = 1;
    for (const look of ['plain', 'colored'] as const) {
      const { progress, terminal } = progressOn(look);
      vi.advanceTimersByTime(1100);
      progress.read(1);
      await loaded();
      progress.stop();
      expect(terminal.sent.includes('\u001b[36m')).toBe(look === 'colored');
    }
  });

  it('never comes where there is no terminal', async () => {
    const { progress, terminal } = progressOn('none');
    vi.advanceTimersByTime(5000);
    progress.read(1);
    await loaded();
    progress.stop();
    expect(terminal.sent).toBe('');
  });
});

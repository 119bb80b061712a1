import type { ExitCode } from '../base/errors.ts';
import { escapeText } from '../base/escape.ts';
import { systemClock, systemRandom } from '../base/node-clock.ts';
import type { CommandContext } from '../commands/context.ts';
import { stringify } from '../commands/json-text.ts';
import { onlyOnce } from '../commands/stdin-source.ts';
import { nodeFs } from '../fs/node-fs.ts';
import { openPipe } from '../fs/pipe.ts';
import { Output } from './output.ts';
import { drawsOver, Progress } from './progress.ts';
import { type ColorMode, makeStyle, type Style, wantsColor } from './style.ts';
import { WatchedFs } from './watched-fs.ts';

/** Flags that every command has. */
export interface CommonFlags {
  json?: boolean;
  color: ColorMode;
  store?: string;
}

/** One run of one command: where its answer goes and how it looks. */
export interface Session {
  /** 'wal.verify': what kind of document this command answers with. */
  kind: string;
  context: CommandContext;
  out: Output;
  err: Output;
  style: Style;
  /** For stderr, which may be a terminal when stdout is not. */
  errStyle: Style;
  /** Columns of the terminal on stdout; undefined in a pipe, where nothing is cut. */
  width: number | undefined;
  /** The same for stderr. */
  errWidth: number | undefined;
  json: boolean;
  /**
   * Writes the one document of `--json`: walq version of the shape, kind (of the command, where it answers with
   * nothing else), then the members given.
   */
  document(members: Readonly<Record<string, unknown>>, kind?: string): Promise<void>;
  /** From here on signals are the command's own business; until then they end the process with 130 or 143. */
  takeSignals(): void;
  /** False where HUP means nothing: under nohup. */
  readonly hearsHangup: boolean;
  /**
   * Takes the progress line away, for good. Called before anything final is printed, and by what stays at work or waits
   * once it is ready: from then on files are read and written for ever, and that is no progress.
   */
  settle(): void;
}

/** Answers with an exit code. Prints only through the session. */
export type Action<Flags> = (session: Session, args: readonly string[], flags: Flags) => Promise<ExitCode>;

export interface SessionHooks {
  takeSignals(): void;
  hearsHangup: boolean;
  signal: AbortSignal;
  /** What to do before a signal ends the process. */
  onLeave(tidy: () => Promise<void>): void;
}

const widthMin = 40;

export function openSession(kind: string, flags: CommonFlags, hooks: SessionHooks): Session {
  // An answer that has begun says how far it is.
  const out = new Output(process.stdout, () => progress.stop());
  const err = new Output(process.stderr);
  const style = makeStyle(wantsColor(flags.color, process.env, out.isTerminal));
  const errStyle = makeStyle(wantsColor(flags.color, process.env, err.isTerminal));
  const columnsOf = (stream: { isTTY?: boolean; columns?: number }): number | undefined =>
    stream.isTTY === true ? Math.max(widthMin, stream.columns || 80) : undefined;
  const drawn = errStyle.enabled ? 'colored' : 'plain';
  const progress = new Progress(drawsOver(process.env, err.isTerminal) ? drawn : 'none');
  const fs = new WatchedFs(nodeFs, progress);
  hooks.onLeave(async () => {
    progress.stop();
    await fs.stop();
  });
  const json = flags.json === true;
  return {
    kind,
    out,
    err,
    style,
    errStyle,
    width: columnsOf(process.stdout),
    errWidth: columnsOf(process.stderr),
    json,
    context: {
      env: { fs, clock: systemClock, random: systemRandom },
      variables: process.env,
      ...(flags.store === undefined ? {} : { store: flags.store }),
      stdin: onlyOnce(() => process.stdin),
      pipe: openPipe,
      note: (text) => {
        progress.clear();
        process.stderr.write(`${errStyle.dim('note:')} ${escapeText(text)}\n`);
      },
      progress: (done, total) => progress.report(done, total),
      signal: hooks.signal,
    },
    async document(members, other = kind) {
      progress.stop();
      await out.line(stringify({ walq: 1, kind: other, ...members }, out.isTerminal ? 2 : 0));
    },
    takeSignals: hooks.takeSignals,
    hearsHangup: hooks.hearsHangup,
    settle: () => progress.stop(),
  };
}

import type { Command } from 'commander';
import { Exit, type ExitCode, usageError } from '../base/errors.ts';
import { stringify } from '../commands/json-text.ts';
import { outlivesTerminal } from '../fs/hangup.ts';
import { asksForJson, colorArgument, mustBeUtf8, plainWords, protectSelectors } from './arguments.ts';
import { commandsCalled, type Parsed, ParseEnded, translateParseError } from './command.ts';
import { bugDocument, failureDocument, failureText, InDocument, toFailure } from './failure.ts';
import { Output, OutputClosed } from './output.ts';
import { buildProgram } from './program.ts';
import type { SessionHooks } from './session.ts';
import { makeStyle, wantsColor } from './style.ts';

/** Parses, runs, reports. Returns the exit code of the process. */
export async function run(argv: readonly string[]): Promise<ExitCode> {
  const parsed: Parsed = { kind: 'walq' };
  const signals = watchSignals();
  // A reader of stderr that went away is no failure of the work.
  process.stderr.on('error', () => {});
  try {
    await parse(buildProgram(parsed, argv), protectSelectors(argv), parsed);
    return (await parsed.chosen?.run(signals)) ?? Exit.ok;
  } catch (error) {
    if (error instanceof ParseEnded) {
      // Help went to stderr in place of an answer; who asked for JSON gets a document all the same.
      if (error.exit === Exit.ok || !asksForJson(argv)) return error.exit;
      return await report(usageError('E_USAGE', 'a command is missing'), parsed, argv);
    }
    if (error instanceof OutputClosed) return Exit.ok;
    return await report(error, parsed, argv);
  }
}

async function parse(program: Command, argv: readonly string[], parsed: Parsed): Promise<void> {
  try {
    mustBeUtf8(argv);
    await program.parseAsync([...argv], { from: 'user' });
  } catch (error) {
    const { path, kind, rest } = commandNamed(program, argv);
    parsed.kind = kind;
    throw translateParseError(error, path, () => commandsCalled(buildProgram(parsed), rest));
  }
}

/** The deepest command that the words name, for messages: `walq wal verify`, kind 'wal.verify'; and the word after them. */
function commandNamed(program: Command, argv: readonly string[]): { path: string; kind: string; rest: string } {
  let command = program;
  const names: string[] = [];
  const words = plainWords(argv);
  for (const word of words) {
    const next = command.commands.find((each) => each.name() === word);
    if (next === undefined) break;
    command = next;
    names.push(word);
  }
  return { path: ['walq', ...names].join(' '), kind: names.join('.') || 'walq', rest: words[names.length] ?? '' };
}

const leaveMsMax = 2000;

/**
 * INT and TERM end the process with 130 and 143 until a command takes them over. What it has begun under a temporary
 * name goes first; a second signal does not wait for that. HUP ends it at once, as the system does, except under nohup.
 */
function watchSignals(): SessionHooks {
  const abort = new AbortController();
  let tidy: (() => Promise<void>) | undefined;
  const leave = (code: number): (() => void) => {
    return () => {
      const isSecond = abort.signal.aborted;
      abort.abort();
      if (isSecond || tidy === undefined) process.exit(code);
      setTimeout(() => process.exit(code), leaveMsMax);
      void tidy().finally(() => process.exit(code));
    };
  };
  const onInterrupt = leave(130);
  const onTerminate = leave(143);
  process.on('SIGINT', onInterrupt);
  process.on('SIGTERM', onTerminate);
  const { env: variables, ppid: parent, stdout, stderr } = process;
  const hearsHangup = !outlivesTerminal({ variables, parent, onTerminal: stdout.isTTY || stderr.isTTY });
  if (!hearsHangup) process.on('SIGHUP', () => {});
  return {
    hearsHangup,
    signal: abort.signal,
    onLeave: (run) => {
      tidy = run;
    },
    takeSignals() {
      process.off('SIGINT', onInterrupt);
      process.off('SIGTERM', onTerminate);
    },
  };
}

async function report(error: unknown, { kind, store }: Parsed, argv: readonly string[]): Promise<ExitCode> {
  const asked = { kind, context: { store } };
  const failure = toFailure(error);
  const err = new Output(process.stderr);
  if (asksForJson(argv) && !(error instanceof InDocument)) {
    const out = new Output(process.stdout);
    const document = failure === undefined ? bugDocument(error) : failureDocument(failure, asked);
    await ignoreClosed(out.line(stringify({ walq: 1, kind, error: document }, out.isTerminal ? 2 : 0)));
    await ignoreClosed(out.flush());
    if (failure !== undefined) return failure.exit;
  }
  const mode = colorArgument(argv);
  const style = makeStyle(
    wantsColor(mode === 'always' || mode === 'never' ? mode : 'auto', process.env, err.isTerminal),
  );
  const { columns } = process.stderr;
  const width = err.isTerminal && columns ? { width: columns } : {};
  const text = failure === undefined ? bugText(error) : failureText(failure, asked, style, width);
  await ignoreClosed(err.write(text));
  await ignoreClosed(err.flush());
  return failure?.exit ?? Exit.bug;
}

function bugText(error: unknown): string {
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `error: this is a bug in walq; please report it with what follows\n${stack}\n`;
}

/** The exit code matters more than a message nobody reads. */
async function ignoreClosed(writing: Promise<void> | undefined): Promise<void> {
  try {
    await writing;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
  }
}

import { Command, CommanderError, Option } from 'commander';
import { parseDuration } from '../base/duration.ts';
import { Exit, type ExitCode, usageError } from '../base/errors.ts';
import { commandLines } from './examples.ts';
import type { Action, CommonFlags, SessionHooks } from './session.ts';
import { colorModes } from './style.ts';
import { version } from './version.ts';

/** Ends the parse although nothing failed: help or version was printed. */
export class ParseEnded extends Error {
  readonly exit: ExitCode;

  constructor(exit: ExitCode) {
    super('the parse ended');
    this.exit = exit;
  }
}

/** Command whose subcommands, however they are added, throw instead of leaving the process. */
class WalqCommand extends Command {
  constructor(name?: string) {
    super(name);
    // commander hands exitOverride down in .command() only, not in .addCommand(); here every command has its own.
    this.exitOverride();
    this.configureOutput({ outputError: () => {} });
    this.configureHelp({
      // The longest commands leave 39 columns of 80 to what is said about them.
      minWidthToWrap: 20,
      showGlobalOptions: true,
      visibleGlobalOptions: (command) => {
        let root: Command = command;
        while (root.parent) root = root.parent;
        // Its own are listed already.
        if (root === command) return [];
        return root.options.filter((option) => option.long !== '--version');
      },
    });
    this.helpOption('-h, --help', 'show this help');
    this.helpCommand(false);
  }

  override createCommand(name?: string): WalqCommand {
    return new WalqCommand(name);
  }
}

/** What parsing leaves behind: the chosen command, to be run afterwards. */
export interface Chosen {
  kind: string;
  run(hooks: SessionHooks): Promise<ExitCode>;
}

export interface Parsed {
  chosen?: Chosen;
  /** 'wal.verify' as soon as it is known: errors name it too. */
  kind: string;
  /** `--store`, as it was given. */
  store?: string | undefined;
}

export function createRoot(): Command {
  return new WalqCommand('walq')
    .description(
      'Inspect, verify, repair, replay, compact and snapshot write-ahead logs; run a durable job queue on one.',
    )
    .option('--store <dir>', 'the store to work on (default: $WALQ_STORE, else ./.walq)')
    .option('--json', 'answer with one JSON document on stdout, errors included')
    .addOption(new Option('--color <when>', 'colour the output').choices([...colorModes]).default('auto'))
    .option('-V, --version', 'show the version')
    .on('option:version', () => {
      process.stdout.write(`${version()}\n`);
      throw new ParseEnded(Exit.ok);
    });
}

export interface LeafOptions<Flags> {
  /** Documents of this command carry it. */
  kind: string;
  /** Loads the code of the command: nothing of it costs anything until it runs. */
  load: () => Promise<Action<Flags>>;
}

/** Makes `command` answer: its action is kept in `parsed` and run after the parse. */
export function answers<Flags extends object>(command: Command, parsed: Parsed, options: LeafOptions<Flags>): Command {
  const lines = commandLines[options.kind];
  if (lines !== undefined) examples(command, lines);
  command.action((...received: unknown[]) => {
    const args = received.slice(0, -2).flatMap((arg) => (Array.isArray(arg) ? arg.map(String) : optional(arg)));
    const flags: Flags & CommonFlags = command.optsWithGlobals();
    parsed.kind = options.kind;
    refuseNoName(command);
    parsed.store = flags.store;
    parsed.chosen = {
      kind: options.kind,
      run: async (hooks) => {
        const [action, { openSession }] = await Promise.all([options.load(), import('./session.ts')]);
        const session = openSession(options.kind, flags, hooks);
        try {
          return await action(session, args, flags);
        } finally {
          session.settle();
          await session.out.flush();
          await session.err.flush();
        }
      },
    };
  });
  return command;
}

/** Flags behind which stands the name of what is to be made. */
const namesOfNew: ReadonlySet<string | undefined> = new Set([
  '--to',
  '--save',
  '--plan',
  '--bundle',
  '--output',
  '--dir',
]);

/** A variable of the shell that is not set: nothing would be made, or it would be in another place. */
function refuseNoName(command: Command): void {
  const empty = command.options.find((option) => {
    return namesOfNew.has(option.long) && command.getOptionValue(option.attributeName()) === '';
  });
  if (empty === undefined) return;
  throw usageError('E_USAGE', `${empty.long}: nothing stands after it`, { next: 'name a place' });
}

function optional(arg: unknown): string[] {
  return arg === undefined ? [] : [String(arg)];
}

/** An option whose value is one of `formats`; `-o json` and `--json` mean the same. */
export function outputOption(formats: readonly string[], standard: string): Option {
  return new Option('-o, --output <format>', 'form of the answer').choices([...formats]).default(standard);
}

/** In which a state can be shown. */
export const stateFormats = ['summary', 'table', 'json', 'ndjson', 'document', 'raft-recovery'] as const;

/** The same, and `--format` for those who look for it: it means `-o` where the forms are those of other systems. */
export function outputOptions(command: Command, formats: readonly string[], standard: string): Command {
  const alias = new Option('--format <format>')
    .choices([...formats])
    .conflicts('output')
    .hideHelp();
  command.hook('preAction', () => {
    const format: unknown = command.getOptionValue('format');
    if (format !== undefined) command.setOptionValue('output', format);
  });
  return command.addOption(outputOption(formats, standard)).addOption(alias);
}

/** How following a log ends. */
export function followOptions(command: Command, follow: string): Command {
  return command
    .option('-f, --follow', follow)
    .option('--until-match', 'follow until the first event that passes the filters, show it, and end with 0')
    .option('--timeout <time>', 'follow at most this long; exit 1 when nothing has matched', durationOf('--timeout'));
}

/** How long a command that writes waits for another one. A new option for each command: commander keeps state in it. */
export function lockTimeoutOption(): Option {
  return new Option('--lock-timeout <time>', 'how long to wait for a store that another command holds')
    .argParser((text) => parseDuration(text, '--lock-timeout'))
    .default(10_000, '10s');
}

/** Command lines to copy, under the help of a command: the line, then what it is for. */
export function examples(command: Command, lines: Readonly<Record<string, string>>): Command {
  const width = Math.max(...Object.keys(lines).map((line) => line.length));
  const text = Object.entries(lines).map(([line, what]) => `  ${line.padEnd(width)}  ${what}`);
  return command.addHelpText('after', `\nExamples:\n${text.join('\n')}`);
}

/** Under the help of commands that take one. */
export const expressionHelp =
  '\nExpressions: FIELD = != < <= > >= VALUE, ~ !~ PATTERN, in (A, B), contains, starts, exists FIELD; and or not ( ).\n' +
  'docs/expressions.md has all fields.';

/** Parses a whole number. Throws the usage error that names flag, value and what is allowed. */
export function wholeNumber(flag: string, least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= least) return value;
    const allowed = value > Number.MAX_SAFE_INTEGER ? `${least} to ${Number.MAX_SAFE_INTEGER}` : `${least} or more`;
    throw usageError('E_USAGE', `${flag}: '${text}' is not allowed; give a whole number, ${allowed}`);
  };
}

/** Parses a duration such as '30s'. Throws the usage error that names the flag. */
export function durationOf(flag: string): (text: string) => number {
  return (text) => parseDuration(text, flag);
}

/** The same as `wholeNumber`, negative ones included; the bounds are those of what takes it. */
export function signedNumber(flag: string): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^-?\d+$/.test(text)) return value;
    throw usageError('E_USAGE', `${flag}: '${text}' is not allowed; give a whole number`);
  };
}

/** Gathers a repeatable option, and `a,b` in one. */
export function list(text: string, before: string[] | undefined): string[] {
  return [...(before ?? []), ...text.split(',').filter((part) => part !== '')];
}

/** `walq queue enqueue`, for those who typed `walq enqueue`: every command of this name, whatever group it is in. */
export function commandsCalled(root: Command, name: string): string[] {
  return [root, ...root.commands].flatMap((group) => {
    const path = group === root ? 'walq' : `walq ${group.name()}`;
    return group.commands.some((each) => each.name() === name) ? [`${path} ${name}`] : [];
  });
}

/**
 * Turns what commander throws into our own: help and version end well, anything else is a usage error (exit 2).
 * `meant`: commands that are called as the one that there is not.
 */
export function translateParseError(error: unknown, command: string, meant: () => readonly string[]): unknown {
  if (!(error instanceof CommanderError)) return error;
  if (error.code === 'commander.helpDisplayed' || error.code === 'commander.version') return new ParseEnded(Exit.ok);
  // A group or the bare program, named without a command: its help was written to stderr.
  if (error.code === 'commander.help') return new ParseEnded(Exit.usage);
  const message = error.message.replace(/^error: /, '').replaceAll('\n', ' ');
  const [first, ...others] = error.code === 'commander.unknownCommand' ? meant() : [];
  if (first !== undefined) {
    const text = `${message.replace(/ \(Did you mean .*/, '')}; there is ${[first, ...others].join(' and ')}`;
    return usageError('E_USAGE', text, { next: `${first} --help` });
  }
  return usageError('E_USAGE', message, { next: `${command} --help` });
}

import type { Command } from 'commander';
import { Exit, type ExitCode, notFoundError } from '../base/errors.ts';
import { nearest } from '../base/nearest.ts';
import { allCodes, explainCode } from '../commands/catalogue.ts';
import { allOutcomes, explainOutcome, type OutcomeHelp } from '../commands/outcomes.ts';
import { commandsCalled, ParseEnded, translateParseError } from './command.ts';
import type { Action, Session } from './session.ts';
import { renderTable } from './table.ts';
import { wrap } from './text.ts';

/** `walq help`, `walq help wal verify`, `walq help --all`, `walq help E_GAP`, `walq help codes`, `walq help CORRUPT`, `3`. */
export function helpFor(program: () => Command): Action<{ all?: boolean }> {
  return (session, words, { all }) => (all ? helpAll(session, words, program()) : help(session, words, program));
}

/** The help of a command and of all below it, one after the other: to be searched, or printed. */
async function helpAll(session: Session, words: readonly string[], root: Command): Promise<ExitCode> {
  const top = commandOf(root, words);
  const texts = [...family(top)].map((command) => ({ command: pathOf(command), text: helpText(session, command) }));
  if (session.json) await session.document({ commands: texts, exit: Exit.ok });
  for (const [index, { command, text }] of session.json ? [] : texts.entries()) {
    const rule = '-'.repeat(command.length);
    await session.out.write(`${index === 0 ? '' : '\n\n'}${session.style.strong(command)}\n${rule}\n\n${text}`);
  }
  return Exit.ok;
}

function* family(command: Command): Generator<Command> {
  yield command;
  for (const child of command.commands) yield* family(child);
}

function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}

/** With the examples under it, as `--help` shows them. */
function helpText(session: Session, command: Command): string {
  let text = '';
  command.configureOutput({
    writeOut: (part) => {
      text += part;
    },
    getOutHelpWidth: () => Math.min(session.width ?? 100, 100),
  });
  command.outputHelp();
  return text;
}

async function help(session: Session, words: readonly string[], program: () => Command): Promise<ExitCode> {
  const [first] = words;
  if (first !== undefined && words.length === 1 && /^e[_-]/i.test(first))
    return await helpEntry(session, explainCode(first));
  if (first === 'codes' && words.length === 1) return await helpCodes(session);
  const root = program();
  if (first !== undefined && !root.commands.some((each) => each.name() === first)) {
    const entry = explainOutcome(words.join(' ')) ?? bareCode(words);
    if (entry !== undefined) return await helpEntry(session, entry);
  }
  commandOf(root, words);
  try {
    await root.parseAsync([...words, '--help'], { from: 'user' });
  } catch (error) {
    const translated = translateParseError(error, 'walq', () => []);
    if (translated instanceof ParseEnded) return translated.exit;
    throw translated;
  }
  return Exit.ok;
}

/** Throws E_UNKNOWN_COMMAND. */
function commandOf(root: Command, words: readonly string[]): Command {
  let command = root;
  for (const word of words) {
    const next = command.commands.find((each) => each.name() === word);
    if (next === undefined) {
      const called = commandsCalled(root, word).map((path) => path.replace(/^walq /, ''));
      const near = nearest(word, [...command.commands.map((each) => each.name()), ...allCodes(), ...allOutcomes()]);
      const hint = near.length + called.length === 0 ? '' : `; near ones: ${[...called, ...near].join(', ')}`;
      throw notFoundError('E_UNKNOWN_COMMAND', `there is no command '${words.join(' ')}'${hint}`, {
        next: 'walq --help',
      });
    }
    command = next;
  }
  return command;
}

/** `LOCKED`, as people remember E_LOCKED. */
function bareCode(words: readonly string[]): OutcomeHelp | undefined {
  const code = allCodes().find((each) => each === `E_${words.join('_').toUpperCase()}`);
  return code === undefined ? undefined : explainCode(code);
}

async function helpEntry(session: Session, entry: OutcomeHelp): Promise<ExitCode> {
  if (session.json) {
    await session.document({ ...entry, exit: Exit.ok });
    return Exit.ok;
  }
  const { style, out } = session;
  const width = Math.min(session.width ?? 100, 100);
  await out.line(`${style.strong(entry.code)}  ${entry.title}\n`);
  await out.line(`${wrap(entry.explain, width)}\n`);
  await out.line(`${style.dim('next:')} ${wrap(entry.next, width - 6).replaceAll('\n', '\n      ')}`);
  return Exit.ok;
}

async function helpCodes(session: Session): Promise<ExitCode> {
  const entries = allCodes().map((code) => explainCode(code));
  if (session.json) {
    await session.document({ codes: entries, exit: Exit.ok });
    return Exit.ok;
  }
  const columns = [{ title: 'CODE' }, { title: 'MEANING', flexible: true }];
  const rows = entries.map((entry) => [entry.code, entry.title]);
  await session.out.write(renderTable(columns, rows, { width: session.width, style: session.style }));
  return Exit.ok;
}

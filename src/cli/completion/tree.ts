import type { Command, Option } from 'commander';
import { kindsApart, leavesOf } from '../leaves.ts';

/** The command tree as completion needs it, read from commander itself so that the two cannot differ. */
export interface CompletionNode {
  /** '' for the program, 'wal', 'wal inspect'. */
  path: string;
  commands: { name: string; description: string }[];
  options: CompletionOption[];
  /** Words allowed as arguments; empty where a path or free text is expected. */
  words: string[];
}

export interface CompletionOption {
  /** '-o', '--output'. */
  flags: string[];
  description: string;
  takesValue: boolean;
  /** Values to offer; empty where nothing is known of them. */
  choices: readonly string[];
  /** A file is as good as those. */
  orFile?: true;
}

/** Words that the value of an option may begin with. */
export interface Offer {
  words: readonly string[];
  orFile?: true;
}

/**
 * All nodes, parents before children. `codes` become arguments of `help`, the kinds of documents those of `schema`;
 * `begins` says of options how their values may begin, by path and option: 'wal inspect --where'.
 */
export function completionTree(
  program: Command,
  codes: readonly string[],
  begins: Readonly<Record<string, Offer>> = {},
): CompletionNode[] {
  const globals = program.options.map((option) => toOption(option));
  const visit = (command: Command, path: string): CompletionNode[] => {
    const commands = command.commands.map((each) => ({ name: each.name(), description: each.description() }));
    const own =
      command === program ? [] : command.options.map((option) => toOption(option, begins[`${path} ${option.long}`]));
    const words = command.registeredArguments.flatMap((argument) => argument.argChoices ?? []);
    if (path === 'help') words.push(...program.commands.map((each) => each.name()), 'codes', ...codes);
    if (path === 'schema') words.push(...leavesOf(program).map(({ kind }) => kind), ...Object.keys(kindsApart));
    const help = { flags: ['-h', '--help'], description: 'show this help', takesValue: false, choices: [] };
    const node = { path, commands, options: [...own, ...globals, help], words };
    const below = command.commands.flatMap((each) => visit(each, path === '' ? each.name() : `${path} ${each.name()}`));
    return [node, ...below];
  };
  return visit(program, '');
}

function toOption(option: Option, { words, orFile }: Offer = { words: [] }): CompletionOption {
  return {
    flags: [option.short, option.long].filter((flag) => flag !== undefined && flag !== null),
    description: option.description,
    takesValue: option.required || option.optional,
    choices: option.argChoices ?? words,
    ...(orFile && { orFile }),
  };
}

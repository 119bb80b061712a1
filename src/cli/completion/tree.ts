import type { Command, Option } from 'commander';

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
  /** Allowed values; empty for free ones. */
  choices: string[];
}

/** All nodes, parents before children. `codes` become arguments of `help`. */
export function completionTree(program: Command, codes: readonly string[]): CompletionNode[] {
  const globals = program.options.map(toOption);
  const visit = (command: Command, path: string): CompletionNode[] => {
    const commands = command.commands.map((each) => ({ name: each.name(), description: each.description() }));
    const own = command === program ? [] : command.options.map(toOption);
    const words = command.registeredArguments.flatMap((argument) => argument.argChoices ?? []);
    if (path === 'help') words.push(...program.commands.map((each) => each.name()), 'codes', ...codes);
    const help = { flags: ['-h', '--help'], description: 'show this help', takesValue: false, choices: [] };
    const node = { path, commands, options: [...own, ...globals, help], words };
    const below = command.commands.flatMap((each) => visit(each, path === '' ? each.name() : `${path} ${each.name()}`));
    return [node, ...below];
  };
  return visit(program, '');
}

function toOption(option: Option): CompletionOption {
  return {
    flags: [option.short, option.long].filter((flag) => flag !== undefined && flag !== null),
    description: option.description,
    takesValue: option.required || option.optional,
    choices: option.argChoices ?? [],
  };
}

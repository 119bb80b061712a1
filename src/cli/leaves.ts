import type { Command } from 'commander';

/** A command that does something, and the kind of the documents that it answers with. */
export interface Leaf {
  /** 'wal.verify'. */
  kind: string;
  command: Command;
}

/** In the order of the help. */
export function leavesOf(command: Command, names: readonly string[] = []): Leaf[] {
  if (command.commands.length === 0) return [{ kind: names.join('.'), command }];
  return command.commands.flatMap((each) => leavesOf(each, [...names, each.name()]));
}

/** Kinds of documents that are not called as a command is, and what they tell. */
export const kindsApart: Readonly<Record<string, string>> = {
  'job.explain': 'the life of one job: of queue show --explain, and of wal inspect --explain',
  error: 'the answer to words that name no command',
};

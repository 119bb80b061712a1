import type { Command } from 'commander';

/** `queue dead`, the group of commands on dead letters: made when the first of them is added. */
export function deadGroup(queue: Command): Command {
  const known = queue.commands.find((command) => command.name() === 'dead');
  return known ?? queue.command('dead').description('jobs that are dead: dead letters');
}

import type { Command } from 'commander';
import type { Parsed } from './command.ts';
import { addChangeCommands } from './queue/change-commands.ts';
import { addConsumerCommands } from './queue/consumer-commands.ts';
import { addEnqueue } from './queue/enqueue-command.ts';
import { addReadCommands } from './queue/read-commands.ts';
import { addRun } from './queue/run-command.ts';
import { addSettingCommands } from './queue/setting-commands.ts';

/**
 * The flags of each command stand in `queue/*-command.ts`; what a command does is loaded when it runs. `words` follow
 * the name of the group: scripts enqueue job after job, and do not wait for the flags of all the others.
 */
export function addQueueCommands(queue: Command, parsed: Parsed, words: readonly string[]): void {
  addEnqueue(queue, parsed);
  if (words[0] === 'enqueue') return;
  addRun(queue, parsed);
  addReadCommands(queue, parsed);
  addChangeCommands(queue, parsed);
  addConsumerCommands(queue, parsed);
  addSettingCommands(queue, parsed);
}

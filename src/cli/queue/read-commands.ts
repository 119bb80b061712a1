import type { Command } from 'commander';
import { answers, outputOption, type Parsed } from '../command.ts';

/** Commands that look at a queue and change nothing. */

export function addReadCommands(queue: Command, parsed: Parsed): void {
  addStatus(queue, parsed);
}

function addStatus(queue: Command, parsed: Parsed): void {
  const command = queue
    .command('status')
    .description('jobs by state, the runner, and the health of the store')
    .addOption(outputOption(['text', 'json'], 'text'));
  answers(command, parsed, { kind: 'queue.status', load: async () => (await import('./status.ts')).status });
}

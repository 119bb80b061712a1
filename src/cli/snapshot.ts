import type { Command } from 'commander';
import { answers, lockTimeoutOption, outputOptions, type Parsed, stateFormats, wholeNumber } from './command.ts';
import { addDiffOptions } from './diff/options.ts';

const storeHelp = 'the store';

export function addSnapshotCommands(group: Command, parsed: Parsed): void {
  const create = group
    .command('create')
    .description('write a snapshot of the state now')
    .argument('[path]', storeHelp)
    .addOption(lockTimeoutOption());
  answers(create, parsed, { kind: 'snapshot.create', load: async () => (await import('./snapshot/create.ts')).create });

  const verify = group
    .command('verify')
    .description('check one snapshot, or all of a store')
    .argument('[path]', 'a store, a snapshot, a snapshot of another system, or -');
  answers(verify, parsed, { kind: 'snapshot.verify', load: async () => (await import('./snapshot/verify.ts')).verify });

  const list = group.command('list').description('list the snapshots of a store').argument('[path]', storeHelp);
  answers(list, parsed, { kind: 'snapshot.list', load: async () => (await import('./snapshot/list.ts')).list });

  const show = group
    .command('show')
    .description('show the state in a snapshot (of a store: the newest good one)')
    .argument('[path]', 'a store, a snapshot, a snapshot of another system, or -');
  outputOptions(show, stateFormats, 'summary');
  answers(show, parsed, { kind: 'snapshot.show', load: async () => (await import('./snapshot/show.ts')).show });

  const diff = group
    .command('diff')
    .description('what changed between two snapshots (of a store alone: its two newest)')
    .argument('[path]', 'a store; or the first snapshot: a file, STORE@SEQ, or a seq of the store')
    .argument('[a]', 'the snapshot to begin from: a file, a seq of the store, or @snap for the newest good one')
    .argument('[b]', 'the one to compare it with (default: the newest good one of the store)');
  addDiffOptions(diff);
  answers(diff, parsed, { kind: 'snapshot.diff', load: async () => (await import('./snapshot/diff.ts')).diff });

  const restore = group
    .command('restore')
    .description('make a new store from a snapshot; or, with --apply, take a store back to one')
    .argument('[path]', 'a snapshot, or a store; STORE@SEQ names one of its snapshots')
    .argument('[snapshot]', 'which one of the store: its seq, or @snap for the newest good one (default: that)')
    .option('--to <store>', 'the new store; the one it is made from is not touched')
    .option('--apply', 'go back in place: what came after goes to quarantine; without it the plan is only shown')
    .option('--undo', 'bring back what the last restore set aside');
  answers(restore, parsed, {
    kind: 'snapshot.restore',
    load: async () => (await import('./snapshot/restore.ts')).restore,
  });

  const prune = group
    .command('prune')
    .description('remove old snapshots')
    .argument('[path]', storeHelp)
    .option('--keep <count>', 'how many of the newest good ones stay', wholeNumber('--keep', 1), 2)
    .option('--dry-run', 'say what would go, change nothing')
    .addOption(lockTimeoutOption());
  answers(prune, parsed, { kind: 'snapshot.prune', load: async () => (await import('./snapshot/prune.ts')).prune });
}

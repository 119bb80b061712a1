import { type Command, Option } from 'commander';
import {
  answers,
  expressionHelp,
  followOptions,
  list,
  lockTimeoutOption,
  outputOption,
  outputOptions,
  type Parsed,
  stateFormats,
  wholeNumber,
} from './command.ts';
import { addDiffOptions } from './diff/options.ts';

const pathHelp = 'a store, a wal/ folder, a segment, a snapshot, a log of another system, or - for standard input';
const rangeHelp = 'A..B, A.., ..B or A; each a seq, @-10, @tail, @snap (@snap.. begins after it), a time or "5m ago"';
const inspectFormats = ['text', 'table', 'ndjson', 'json', 'csv', 'hex'];
const failOnLevels = ['note', 'torn', 'degraded', 'corrupt'];
const exportFormats = ['ndjson', 'csv', 'document', 'raft-recovery'];

export function addWalCommands(wal: Command, parsed: Parsed): void {
  addInspect(wal, parsed);
  addVerify(wal, parsed);
  addStats(wal, parsed);
  addReplay(wal, parsed);
  addStateHash(wal, parsed);
  addDiff(wal, parsed);
  addBisect(wal, parsed);
  addRepair(wal, parsed);
  addCompact(wal, parsed);
  addExport(wal, parsed);
  addImport(wal, parsed);
}

function addInspect(wal: Command, parsed: Parsed): void {
  const command = wal
    .command('inspect')
    .description('show the events of a log')
    .argument('[path]', pathHelp)
    .argument('[range]', rangeHelp)
    .addOption(outputOption(inspectFormats, 'text'))
    .option('--type <types>', 'only events of these types, such as ACK,DEAD', list)
    .option('--job <ids>', 'only events of these jobs', list)
    .option('--grep <text>', 'only events whose text form contains this')
    .option('--where <expression>', `only events for which this holds, such as 'type = DEAD and exit != 1'`)
    .option('-n, --limit <count>', 'stop after this many events', wholeNumber('--limit', 0))
    .option('-r, --reverse', 'newest first')
    .option('--explain', 'with --job ID: its life up to the end of the range, and why it is in its state');
  followOptions(command, 'wait for more events, until interrupted');
  command.addHelpText('after', expressionHelp);
  answers(command, parsed, { kind: 'wal.inspect', load: async () => (await import('./wal/inspect.ts')).inspect });
}

function addVerify(wal: Command, parsed: Parsed): void {
  const command = wal
    .command('verify')
    .description('check a log and its snapshots: every fault, and exactly what is lost')
    .argument('[path]', pathHelp)
    .addOption(outputOption(['text', 'table', 'json', 'ndjson'], 'text'))
    .addOption(
      new Option('--fail-on <level>', 'the mildest finding that makes the exit code non-zero')
        .choices(failOnLevels)
        .default('torn'),
    )
    .option('--deep', 'also replay the log by the rules of the queue, and hold each snapshot against it')
    .addHelpText('after', '\nExit codes: 0 healthy, 3 damage, 4 torn tail only, 5 newer format (docs/exit-codes.md).');
  answers(command, parsed, { kind: 'wal.verify', load: async () => (await import('./wal/verify.ts')).verify });
}

function addStats(wal: Command, parsed: Parsed): void {
  const command = wal
    .command('stats')
    .description('what a log holds and how its jobs fared: events, names, waiting and running times, rates')
    .argument('[path]', 'a store, a wal/ folder, a segment, or - for standard input')
    .argument('[range]', rangeHelp);
  answers(command, parsed, { kind: 'wal.stats', load: async () => (await import('./wal/stats.ts')).stats });
}

function addReplay(wal: Command, parsed: Parsed): void {
  const command = wal
    .command('replay')
    .description('show the state at a point of the log')
    .argument('[path]', pathHelp)
    .option('--until <point>', 'replay up to and including this point (default: the end)')
    .option('--snapshot <which>', 'start from: auto, none, or a snapshot file', 'auto')
    .option('--save <file>', 'write the state as a detached snapshot');
  outputOptions(command, stateFormats, 'summary');
  answers(command, parsed, { kind: 'wal.replay', load: async () => (await import('./wal/replay.ts')).replay });
}

function addStateHash(wal: Command, parsed: Parsed): void {
  const command = wal
    .command('state-hash')
    .description('print the hash of the state at a point: equal states, equal hashes')
    .argument('[path]', pathHelp)
    .argument('[point]', 'up to and including this: a seq, @-10, @snap, a time or "5m ago" (default: the end)')
    .option('--snapshot <which>', 'start from: auto, none, or a snapshot file', 'auto');
  answers(command, parsed, {
    kind: 'wal.state-hash',
    load: async () => (await import('./wal/state-hash.ts')).stateHash,
  });
}

function addDiff(wal: Command, parsed: Parsed): void {
  const command = wal
    .command('diff')
    .description('what changed between two points of a log, or between two logs: jobs and settings')
    .argument('[path]', pathHelp)
    .argument('[a]', 'first state, after this point: a seq, @-10, @snap, a time or "5m ago"')
    .argument('[b]', 'second state, after this point (default: the end); may be the earlier one')
    .option('--with <path>', 'take b from this log; both points then default to the end');
  addDiffOptions(command);
  answers(command, parsed, { kind: 'wal.diff', load: async () => (await import('./wal/diff.ts')).diff });
}

const bisectHelp = `
The state after each event is asked: --where about its totals (dead, pending, jobs, totals.retried, ...), with --job
about that job (status, attempt, error, ...). docs/expressions.md has all fields.
COMMAND gets the state as wal replay --json writes it, on standard input and in the file $WALQ_STATE; $WALQ_SEQ is its
seq. Exit 0 says good, 1 to 127 bad, 125 cannot tell, 128 and above stops. Exit 1 when nothing is found.`;

function addBisect(wal: Command, parsed: Parsed): void {
  const command = wal
    .command('bisect')
    .description('find the event at which an expression on the state turned true, or a command began to fail')
    .argument('[path]', 'a store, a wal/ folder, a segment, a log of another system, or - for standard input')
    .argument('[range]', 'events to search: A..B, A.., ..B; each a seq, @-10, @tail, @snap, a time or "5m ago"')
    .option('--where <expression>', "what turned true, such as 'dead > 10'")
    .option('--job <id>', 'test this job instead of the totals')
    .option('--run <command>', 'shell line that exits with 0 for a good state')
    .option('--first', 'look at every event and find the very first; otherwise one change is assumed')
    .addHelpText('after', bisectHelp);
  answers(command, parsed, { kind: 'wal.bisect', load: async () => (await import('./wal/bisect.ts')).bisect });
}

const repairHelp = `
Modes:
  trim     cut off an unreadable end, move away files behind the end, rebuild STORE.json
  heal     turn back single flipped bits that checksum, chain and content prove
  salvage  make a new store from all that can be read; the damaged one is not changed
  cut      go back to a point in time, in place; or, with --to, a new store up to there

docs/repair.md describes them.`;

function addRepair(wal: Command, parsed: Parsed): void {
  const command = wal
    .command('repair')
    .description('plan a repair; carry it out with --apply')
    .argument('[path]', 'the store')
    .addOption(new Option('--mode <mode>', 'what to do').choices(['trim', 'heal', 'salvage', 'cut']).default('trim'))
    .option('--apply', 'change the files; without it the plan is only shown')
    .option('--yes', 'also trim an ambiguous tail, which may hold an acknowledged event')
    .option('--to <dir>', 'the new store for salvage; for cut, instead of cutting in place')
    .option('--at <point>', 'the last event that cut keeps: a seq, @-10, @snap, a time or "5m ago"')
    .option('--plan <file>', 'save the plan in this file; with --apply, carry out exactly that plan')
    .option('--undo', 'put back what the last repair set aside')
    .addHelpText('after', repairHelp);
  answers(command, parsed, { kind: 'wal.repair', load: async () => (await import('./wal/repair.ts')).repair });
}

function addCompact(wal: Command, parsed: Parsed): void {
  const command = wal
    .command('compact')
    .description('write a snapshot, prove that it holds the same state, drop the log it covers')
    .argument('[path]', 'the store')
    .option('--keep <count>', 'snapshots to keep; log is dropped up to the oldest of them', wholeNumber('--keep', 1), 2)
    .option('--dry-run', 'say what would go, change nothing')
    .addOption(lockTimeoutOption());
  answers(command, parsed, { kind: 'wal.compact', load: async () => (await import('./wal/compact.ts')).compact });
}

function addExport(wal: Command, parsed: Parsed): void {
  const command = wal
    .command('export')
    .description('write a log as text, without loss; wal import makes the same store from it')
    .argument('[path]', 'a store, a wal/ folder or a segment')
    .argument('[range]', rangeHelp)
    .option('--to <file>', 'write to this file, which gets its name only when complete')
    .addHelpText('after', exportHelp);
  outputOptions(command, exportFormats, 'ndjson');
  answers(command, parsed, { kind: 'wal.export', load: async () => (await import('./wal/export.ts')).exportWal });
}

const exportHelp = `
Forms:
  ndjson         every field of every event; a last line proves that nothing is missing (docs/export.md)
  csv            a row for each event, for a spreadsheet
  raft-recovery  JSON lines with checksums, as that system writes its log
  document       [seq=1] ENQUEUE job_1`;

function addImport(wal: Command, parsed: Parsed): void {
  const command = wal
    .command('import')
    .description('make a new store from the logs of another system, or from an export')
    .option('--from <files...>', 'log files, oldest first; or one export; - is standard input')
    .option('--snapshot <file>', 'snapshot of the other system that becomes the base')
    .addHelpText(
      'after',
      '\nThe new store is named with --store and must be empty or not there. Foreign events are renumbered from 1 in file\n' +
        'order; an export gives the same seqs, events and state again, or nothing.',
    );
  answers(command, parsed, { kind: 'wal.import', load: async () => (await import('./wal/import.ts')).importLog });
}

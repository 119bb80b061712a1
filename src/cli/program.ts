import { Argument, type Command, Option } from 'commander';
import { answers, createRoot, examples, type Parsed, wholeNumber } from './command.ts';
import { addQueueCommands } from './queue.ts';
import { addSnapshotCommands } from './snapshot.ts';
import { addWalCommands } from './wal.ts';

interface Group {
  about: string;
  addCommands(group: Command, parsed: Parsed, words: readonly string[]): void;
}

const groups: ReadonlyMap<string, Group> = new Map([
  ['wal', { about: 'look at, check, repair, replay and compact a write-ahead log', addCommands: addWalCommands }],
  [
    'snapshot',
    { about: 'write, check, list, show, compare, restore and prune snapshots', addCommands: addSnapshotCommands },
  ],
  ['queue', { about: 'a durable job queue on the store: on disk before the answer', addCommands: addQueueCommands }],
]);

/**
 * The command tree. Only declarations: the code of a command is loaded when it runs. Given a command line, what cannot
 * be meant is not declared, or has its name alone: all fifty commands take as long as a small one runs.
 */
export function buildProgram(parsed: Parsed, words?: readonly string[]): Command {
  const program = createRoot();
  const [first = '', ...rest] = words ?? [];
  const named = groups.get(first);
  if (named === undefined) addAll(program, parsed, words);
  else named.addCommands(program.command(first).description(named.about), parsed, rest);
  return program;
}

function addAll(program: Command, parsed: Parsed, words: readonly string[] | undefined): void {
  for (const [name, { about, addCommands }] of groups) {
    const group = program.command(name).description(about);
    if (words === undefined || words.includes(name)) addCommands(group, parsed, []);
  }
  addDoctor(program, parsed);
  addReport(program, parsed);
  addBackup(program, parsed);
  addDemo(program, parsed);
  addBench(program, parsed);
  addCompletion(program, parsed);
  addSchema(program, parsed);
  addHelp(program, parsed);
  examples(program, {
    'walq demo': 'see the whole idea on real files',
    'walq doctor STORE': 'what is wrong, what is lost, what to do (read only)',
    'walq wal verify STORE': 'is the log whole? what is lost? (read only)',
    "walq queue enqueue mail -d '{}'": 'a job, on disk before the answer',
    'walq queue run --exec CMD': 'run CMD for each job',
    'walq help codes': 'every error code; walq help E_CODE explains one',
  });
}

function addDoctor(program: Command, parsed: Parsed): void {
  const command = program
    .command('doctor')
    .description('one screen about a store: verdict, exact loss, jobs in question, snapshots, disk, what to do next')
    .argument('[path]', 'the store')
    .option('--bundle <file>', 'also write an archive (.tar.gz) of the damage, for somebody elsewhere to look at')
    .option('--with-payloads', 'leave in the bundle what jobs hold');
  answers(command, parsed, { kind: 'doctor', load: async () => (await import('./doctor.ts')).doctor });
}

function addReport(program: Command, parsed: Parsed): void {
  const command = program
    .command('report')
    .description(
      'a page to look at, in one file: verdict, map of the log, jobs over time, latencies, the queue at any moment',
    )
    .argument('[path]', 'the store')
    .requiredOption('-o, --output <file>', 'the page to write; - for standard output')
    .option('--force', 'write over a file that is there')
    .option('--with-payloads', 'put payloads, results and commands of jobs into the page too; long ones are cut')
    .addHelpText(
      'after',
      '\nExit codes: those of doctor, by verdict (docs/exit-codes.md). docs/report.md describes the page.',
    );
  answers(command, parsed, { kind: 'report', load: async () => (await import('./report.ts')).report });
}

function addBackup(program: Command, parsed: Parsed): void {
  const command = program
    .command('backup')
    .description('copy a store into a new folder, even while a runner works on it; the copy is verified')
    .argument('<paths...>', 'the store (default: --store, $WALQ_STORE, ./.walq), then the new folder')
    .usage('[options] [STORE] DIR');
  answers(command, parsed, { kind: 'backup', load: async () => (await import('./backup.ts')).backup });
}

function addDemo(program: Command, parsed: Parsed): void {
  const command = program
    .command('demo')
    .description(
      'the whole idea on a store of its own: enqueue, run, kill -9, recover; then measure WAL, snapshot and both',
    )
    .option('--jobs <count>', 'jobs for the measured part', wholeNumber('--jobs', 100), 20_000)
    .option('--dir <folder>', 'keep the stores in this new folder (default: a temp folder that is removed)')
    .addOption(new Option('--load <store>').hideHelp())
    .addOption(new Option('--snapshot-every <jobs>').hideHelp().argParser(Number));
  answers(command, parsed, { kind: 'demo', load: async () => (await import('./demo.ts')).demo });
}

function addBench(program: Command, parsed: Parsed): void {
  const command = program
    .command('bench')
    .description('what this machine and this disk give: one sync, the queue on it, reading its log (about 10 seconds)')
    .option('--dir <folder>', 'measure the disk of this folder (default: where the store is or would be)')
    .option('--quick', 'a rough look, in about two seconds');
  answers(command, parsed, { kind: 'bench', load: async () => (await import('./bench.ts')).bench });
}

function addCompletion(program: Command, parsed: Parsed): void {
  const command = program
    .command('completion')
    .description('print a completion script for a shell')
    .addArgument(new Argument('<shell>', 'the shell').choices(['bash', 'zsh', 'fish']))
    .addHelpText(
      'after',
      '\nbash:  source <(walq completion bash)\nzsh:   source <(walq completion zsh)\nfish:  walq completion fish | source',
    );
  answers(command, parsed, {
    kind: 'completion',
    load: async () =>
      (await import('./completion/action.ts')).completionFor(() => buildProgram({ kind: 'completion' })),
  });
}

function addSchema(program: Command, parsed: Parsed): void {
  const command = program
    .command('schema')
    .description('print the JSON Schema of what a command answers under --json; without a kind, list them all')
    .argument('[kind...]', 'the words of a command, such as wal verify or wal.verify; or error')
    .option('--lines', 'of one line of -o ndjson instead');
  answers(command, parsed, {
    kind: 'schema',
    load: async () => (await import('./schema/action.ts')).schemaFor(() => buildProgram({ kind: 'schema' })),
  });
}

function addHelp(program: Command, parsed: Parsed): void {
  const command = program
    .command('help')
    .description('explain an error code, a verdict or an exit code, or show the help of a command')
    .argument('[subject...]', 'E_CODE, codes (lists them all), or the words of a command')
    .option('--all', 'the help of all commands, or of all below the one named');
  answers(command, parsed, {
    kind: 'help',
    load: async () => (await import('./help.ts')).helpFor(() => buildProgram({ kind: 'help' })),
  });
}

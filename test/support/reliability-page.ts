import type { Fault, faultTable } from './fault-table.ts';
import type { Outcomes } from './tried.ts';

/** What one test said with `tried`. */
export interface Trial {
  fault: string;
  outcomes: Outcomes;
  /** Its file, from the root of the project. */
  file: string;
}

export interface ReliabilityFacts {
  trials: readonly Trial[];
  /** Names of tests that want something this machine does not have. */
  notRun: readonly string[];
  /** 'linux x64, Node v20.20.0' */
  machine: string;
}

const head = `# What walq was put through

Made by \`npm run reliability\`: it runs the tests that try faults and counts what came of each case. Nothing here is
typed by hand but the first two columns, which are [the list of faults](../test/support/fault-table.ts) that tests name.

For every case, whatever the fault: acknowledged ⊆ recovered ⊆ issued, in order and without a hole; a crash is never
called corrupt; damage to what was certified is never called torn; opening twice changes nothing more; a refused opening
leaves every file as it was. A test that counts a case has checked what the table says of it.

Faults of the disk are tried on a simulated one that keeps apart what a process sees and what is durable, and, where the
files named are in \`test/kernel\`, on the real kernel, which is made to refuse or to kill by strace. No test here cuts
the power of a real machine.
`;

/** docs/reliability.md: each fault of the table, tried or not. */
export function reliabilityPage(table: typeof faultTable, { trials, notRun, machine }: ReliabilityFacts): string {
  const rows = Object.entries(table).map(([fault, [what, expected]]) => {
    const own = trials.filter((trial) => trial.fault === fault);
    return `| \`${fault}\` | ${cell(what)} | ${cell(expected)} | ${counted(own)} | ${filesOf(own)} |`;
  });
  const tried = new Set(trials.map((trial) => trial.fault)).size;
  const cases = trials.reduce((sum, { outcomes }) => sum + sumOf(outcomes), 0);
  return [
    head,
    `${tried} of ${rows.length} kinds of faults tried, ${cases} cases, on ${machine}.`,
    '',
    '| name | fault | must | tried, and what came of it | by |',
    '| ---- | ----- | ---- | -------------------------- | -- |',
    ...rows,
    '',
    ...(notRun.length === 0 ? [] : ['Not run on that machine:', '', ...notRun.map((name) => `- ${name}`), '']),
  ].join('\n');
}

function counted(trials: readonly Trial[]): string {
  if (trials.length === 0) return '**not tried**';
  const sums = new Map<string, number>();
  for (const { outcomes } of trials) {
    for (const [outcome, count] of Object.entries(outcomes)) sums.set(outcome, (sums.get(outcome) ?? 0) + count);
  }
  const list = [...sums].filter(([, count]) => count > 0).map(([outcome, count]) => `${cell(outcome)}: ${count}`);
  return `${trials.reduce((sum, { outcomes }) => sum + sumOf(outcomes), 0)} — ${list.join(', ')}`;
}

function filesOf(trials: readonly Trial[]): string {
  const files = [...new Set(trials.map(({ file }) => file))].sort();
  return files.map((file) => `[${file.replace('test/', '').replace('.test.ts', '')}](../${file})`).join(', ');
}

const sumOf = (outcomes: Outcomes): number => Object.values(outcomes).reduce((sum, count) => sum + count, 0);
const cell = (text: string): string => text.replaceAll('|', '\\|');

/** Names of faults in the order of their rows. */
export function faultsListed(page: string): Fault[] {
  return [...page.matchAll(/^\| `([\w-]+)` +\|/gm)].map((match) => match[1] as Fault);
}

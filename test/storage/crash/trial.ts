import { WalqError } from '../../../src/base/errors.ts';
import { SimFs } from '../../support/sim-fs.ts';
import { imageAfterKill } from '../../support/sim-image.ts';
import { type Fault, isChange, type OpRecord } from '../../support/sim-ops.ts';
import { type CrashPoint, item, Run, storeDir } from './run.ts';
import { smallSegmentBytes } from './workloads.ts';

/** What one step of the history came to: 'ok', or the code it was rejected with. */
export interface StepResult {
  step: string;
  code: string;
  poisoned: boolean;
}

export interface Trial {
  run: Run;
  /** The call that was made to fail; undefined when the fault never met one. */
  hit: OpRecord | undefined;
  /** The step in which it failed, and what it came to. */
  during: StepResult | undefined;
  results: StepResult[];
  /** Changes of any file between the poisoning and the end of the process, closing aside. */
  afterPoison: OpRecord[];
  /** The disk at the end, and the disk when the writer was poisoned. */
  points: CrashPoint[];
}

type Step = readonly [name: string, act: (run: Run) => Promise<unknown>];

/**
 * Appends over three segments, a checkpoint that cleans, more appends, close; then the same process opens again and
 * appends.
 */
const history: readonly Step[] = [
  ['open', (run) => run.open({ segmentBytes: smallSegmentBytes, aheadBytes: 300 })],
  ...[1, 2, 3, 4].map((number): Step => ['append', (run) => run.append(item(number, 400))]),
  ['checkpoint', (run) => run.store.checkpoint({ keep: 1 })],
  ['append', (run) => run.append(item(5), item(6, 700))],
  ['append', (run) => run.append(item(7))],
  ['close', (run) => run.store.close()],
];

/**
 * Runs the history on an empty store with faults planted. A rejected append is asked again once when the store lives
 * on. A poisoned store is asked for one more append, then closed, and the history ends there. A failed opening is
 * tried again.
 */
async function tryFault(store: SimFs, ...faults: Fault[]): Promise<Trial> {
  const run = new Run(new SimFs(imageAfterKill(store.root))).stop();
  const trial: Trial = { run, hit: undefined, during: undefined, results: [], afterPoison: [], points: [] };
  for (const fault of faults) run.fs.inject(fault);
  for (const [step, act] of history) {
    let result = await attempt(run, step, act, trial);
    if (result.code === 'ok') continue;
    if (result.poisoned) {
      await poisonedEnd(run, trial);
      break;
    }
    if (step === 'close') break;
    result = await attempt(run, `${step} again`, act, trial);
    if (result.code !== 'ok') break;
  }
  trial.points.push(pointOf(run, 'at the end'));
  return trial;
}

function pointOf(run: Run, label: string): CrashPoint {
  return { label, fs: new SimFs(imageAfterKill(run.fs.root)), issued: [...run.issued], acked: run.acked };
}

async function attempt(run: Run, step: string, act: Step[1], trial: Trial): Promise<StepResult> {
  const { issued } = run;
  const from = run.fs.log.length;
  const before = issued.length;
  let code = 'ok';
  try {
    await act(run);
  } catch (error) {
    if (!(error instanceof WalqError)) throw error;
    code = error.code;
    // Only "durability unknown" may still turn up in the log.
    if (code !== 'E_DURABILITY_UNKNOWN') issued.length = before;
  }
  const result: StepResult = { step, code, poisoned: run.opened && run.store.poison !== undefined };
  trial.results.push(result);
  const hit = run.fs.log
    .slice(from)
    .find((record) => /^E[A-Z]+$/.test(record.result) && record.result !== 'ENOENT' && record.result !== 'EEXIST');
  if (trial.hit === undefined && hit !== undefined) {
    trial.hit = hit;
    trial.during = result;
  }
  return result;
}

async function poisonedEnd(run: Run, trial: Trial): Promise<void> {
  const from = run.fs.log.length;
  trial.points.push(pointOf(run, 'when poisoned'));
  await attempt(run, 'append when poisoned', () => run.append('never'), trial);
  await attempt(run, 'close when poisoned', () => run.store.close(), trial);
  trial.afterPoison = run.fs.log.slice(from).filter((record) => isChange(record.kind));
}

/**
 * One trial for each call that `match` accepts: the first is hit in the first trial, and so on. A second fault hits
 * the call after.
 */
export async function* everyFault(
  store: SimFs,
  match: (record: OpRecord) => boolean,
  ...faults: Omit<Fault, 'nth' | 'match'>[]
): AsyncGenerator<Trial & { nth: number }> {
  for (let nth = 1; ; nth++) {
    const trial = await tryFault(store, ...faults.map((fault, index) => ({ ...fault, nth: nth + index, match })));
    if (trial.run.fs.log.filter(match).length < nth) return;
    yield { ...trial, nth };
  }
}

/** The failed call and what came of it, for the message of a failed expectation. */
export function describeTrial({ hit, results, nth }: Trial & { nth: number }): string {
  const steps = results.filter(({ code }) => code !== 'ok').map(({ step, code }) => `${step}: ${code}`);
  return `call ${nth}, ${hit?.kind} ${hit?.path}: ${steps.join(', ')}`;
}

export const inLog = (record: OpRecord): boolean => record.path.startsWith(`${storeDir}/wal`);
export const inSnapshots = (record: OpRecord): boolean => record.path.startsWith(`${storeDir}/snapshots`);

import { WalqError } from '../../../src/base/errors.ts';
import { type Finding, worstSeverity } from '../../../src/base/finding.ts';
import { openStore, type Store } from '../../../src/storage/store.ts';
import { packed } from '../../../src/storage/wal/records.ts';
import { simEnv } from '../../support/env.ts';
import type { CrashState } from '../../support/sim-crash.ts';
import { SimFs } from '../../support/sim-fs.ts';
import { imageAfterKill, imageAfterPowerLoss, treeOf } from '../../support/sim-image.ts';
import { ListMachine } from './list-machine.ts';
import { type Client, item, type Options, storeDir } from './run.ts';

/** What opening one crash state came to. */
export type Outcome =
  | { kind: 'opened'; recovered: readonly string[]; torn: boolean }
  | { kind: 'refused'; code: string };

export function openList(fs: SimFs, seed: number, options: Options = {}): Promise<Store<ListMachine>> {
  const machine = (): ListMachine => new ListMachine();
  return openStore(simEnv({ fs, seed }), storeDir, { machine, create: true, pid: 1, ...options });
}

/**
 * Opens a crash state through the public interface and holds it against the promises that need no knowledge of the
 * client: never called damaged (where bytes were made up: refused at most as ambiguous, with nothing changed); what
 * is served outlives a power loss right after the opening; opening twice changes nothing more; append, checkpoint,
 * close and reopen work. `fs` of the state is used up. A checkpoint with cleaning is tried on top when `thorough`.
 * Throws an Error that says which promise broke.
 */
export async function recover(state: CrashState, options: Options, thorough: boolean): Promise<Outcome> {
  const { fs } = state;
  const before = treeOf(fs.root);
  let store: Store<ListMachine>;
  try {
    store = await openList(fs, 101, options);
  } catch (error) {
    if (!(error instanceof WalqError)) throw error;
    sameTree('a refused opening changed a file', before, treeOf(fs.root));
    demand(state.madeUp && error.code === 'E_AMBIGUOUS_TAIL', `refused with ${error.code}: ${error.message}`);
    return { kind: 'refused', code: error.code };
  }
  const recovered = [...store.machine.items];
  const { findings } = store.recovery;
  checkFindings(findings);
  checkNothingDestroyed(before, treeOf(fs.root));

  const served = afterPowerLoss(fs);
  await store.close();
  await reopened('after a power loss right after the opening', served, recovered, options);

  const [next, last] = [item(recovered.length + 1), item(recovered.length + 2, 600)];
  const again = new SimFs(imageAfterKill(fs.root));
  await appendAgain(again, recovered, next, options);
  await reopened('after an append and a power loss', afterPowerLoss(again), [...recovered, next], options);
  if (thorough) {
    await appendAfterCheckpoint(fs, [next, last], options);
    await reopened('after a checkpoint and a power loss', afterPowerLoss(fs), [...recovered, next, last], options);
  }
  return { kind: 'opened', recovered, torn: worstSeverity(findings) === 'torn' };
}

/** acknowledged ⊆ recovered ⊆ issued, in order, without a hole. */
export function checkClient(outcome: Outcome, { issued, acked }: Client): void {
  if (outcome.kind === 'refused') return;
  const { recovered } = outcome;
  demand(recovered.length >= acked, `lost: ${acked} were acknowledged, ${recovered.length} came back`);
  demand(recovered.length <= issued.length, `invented: ${issued.length} were issued, ${recovered.length} came back`);
  const wrong = recovered.findIndex((record, index) => record !== issued[index]);
  demand(wrong < 0, `record ${wrong + 1} is '${recovered[wrong]?.slice(0, 20)}', not '${issued[wrong]?.slice(0, 20)}'`);
}

function checkFindings(findings: readonly Finding[]): void {
  const bad = findings.filter(({ severity }) => severity !== 'note' && severity !== 'torn');
  demand(bad.length === 0, `a crash was called damage: ${JSON.stringify(bad)}`);
}

/** Bytes cut off a segment that are not all zero must lie in quarantine. */
function checkNothingDestroyed(before: ReturnType<typeof treeOf>, after: ReturnType<typeof treeOf>): void {
  const quarantined = [...after].filter(([path]) => path.includes('/quarantine/')).map(([, bytes]) => bytes);
  for (const [path, was] of before) {
    const is = after.get(path);
    if (!path.endsWith('.wal') || typeof was === 'string' || is === undefined || typeof is === 'string') continue;
    const cut = Buffer.from(was.subarray(is.length));
    const kept = cut.every((byte) => byte === 0) || quarantined.some((bytes) => cut.equals(Buffer.from(bytes)));
    demand(kept, `${cut.length} bytes were cut off ${path} and not kept`);
  }
}

function afterPowerLoss(fs: SimFs): SimFs {
  return new SimFs(imageAfterPowerLoss(fs.root, () => false));
}

async function reopened(when: string, fs: SimFs, expected: readonly string[], options: Options): Promise<void> {
  const store = await openList(fs, 102, options).catch((error: Error) => demand(false, `${when} ${error.message}`));
  const items = [...store.machine.items];
  await store.close();
  demand(items.join('|') === expected.join('|'), `${when} ${items.length} records came back, not ${expected.length}`);
  checkFindings(store.recovery.findings);
}

/** The second opening finds the same and changes nothing more. */
async function appendAgain(fs: SimFs, expected: readonly string[], record: string, options: Options): Promise<void> {
  const before = treeOf(fs.root);
  const store = await openList(fs, 103, options);
  sameTree('opening twice changed a file', before, treeOf(fs.root));
  demand(store.machine.items.join('|') === expected.join('|'), 'the second opening found something else');
  await store.append(packed([Buffer.from(record)]));
  await store.close();
}

async function appendAfterCheckpoint(fs: SimFs, records: readonly string[], options: Options): Promise<void> {
  const store = await openList(fs, 104, options);
  await store.checkpoint({ keep: 1 });
  for (const record of records) await store.append(packed([Buffer.from(record)]));
  await store.close();
}

/** Nothing but LOCK may differ. */
export function sameTree(what: string, before: ReturnType<typeof treeOf>, after: ReturnType<typeof treeOf>): void {
  for (const path of new Set([...before.keys(), ...after.keys()])) {
    if (path === `${storeDir}/LOCK`) continue;
    const [left, right] = [before.get(path), after.get(path)];
    const same = left !== undefined && right !== undefined && Buffer.from(left).equals(Buffer.from(right));
    demand(same, `${what}: ${path} ${left === undefined ? 'is new' : right === undefined ? 'is gone' : 'differs'}`);
  }
}

export function demand(holds: false, otherwise: string): never;
export function demand(holds: boolean, otherwise: string): void;
export function demand(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(otherwise);
}

import type { TestContext } from 'vitest';
import type { Fault } from '../../support/fault-table.ts';
import { type CrashOptions, type CrashState, crashStates } from '../../support/sim-crash.ts';
import { hashTree, imageAfterPowerLoss, pendingOf } from '../../support/sim-image.ts';
import { tried } from '../../support/tried.ts';
import { checkClient, type Outcome, recover } from './oracle.ts';
import type { CrashPoint, Options } from './run.ts';

export interface Exploration {
  points: number;
  /** Different disks that were opened. */
  states: number;
  torn: number;
  refused: number;
  /** The same, by what made the disk what it was. */
  byFault: Partial<Record<Fault, Record<string, number>>>;
  /** One line per broken promise: where the process died, what survived, what went wrong. At most 20. */
  broken: string[];
}

/**
 * Checks every crash state of every point. Equal disks are opened once, and held against each client; `known` may be
 * shared.
 */
export async function explore(
  points: readonly CrashPoint[],
  options: { store?: Options; crash?: CrashOptions; known?: Map<string, Outcome | Error> } = {},
): Promise<Exploration> {
  const result: Exploration = { points: points.length, states: 0, torn: 0, refused: 0, byFault: {}, broken: [] };
  const known = options.known ?? new Map<string, Outcome | Error>();
  for (const point of points) {
    for (const state of crashStates(point.fs, options.crash)) {
      const key = keyOf(state);
      let outcome = known.get(key);
      if (outcome === undefined) {
        const thorough = state.label === 'kill' || result.states % 4 === 0;
        outcome = await recover(state, options.store ?? {}, thorough).catch((error: Error) => error);
        known.set(key, outcome);
        result.states++;
        if (outcome instanceof Error) report(result, point, state, outcome);
        else if (outcome.kind === 'refused') result.refused++;
        else if (outcome.torn) result.torn++;
        if (!(outcome instanceof Error)) count(result, state, outcome);
      }
      if (outcome instanceof Error) continue;
      try {
        checkClient(outcome, point);
      } catch (error) {
        report(result, point, state, error);
      }
    }
  }
  return result;
}

function count({ byFault }: Exploration, { label, madeUp }: CrashState, outcome: Outcome): void {
  const sectors = madeUp && label.includes('fill garbage') ? 'garbage-sectors' : 'torn-sectors';
  const fault = label === 'kill' ? 'kill-9' : label.includes(' torn, ') ? sectors : 'power-loss';
  const what = outcome.kind === 'refused' ? 'refused as ambiguous' : outcome.torn ? 'torn' : 'opens';
  byFault[fault] ??= {};
  byFault[fault][what] = (byFault[fault][what] ?? 0) + 1;
}

/** What an exploration counted, told as what this test tried. */
export function triedCrashes(context: TestContext, ...results: Exploration[]): void {
  for (const { byFault } of results) {
    for (const [fault, outcomes] of Object.entries(byFault)) tried(context, fault as Fault, outcomes);
  }
}

/** The disks after a crash at some point of a history, each once; of so many at most, spread evenly. */
export function startingStates(
  points: readonly CrashPoint[],
  most: number,
): { state: CrashState; point: CrashPoint }[] {
  const all = new Map<string, { state: CrashState; point: CrashPoint }>();
  for (const point of points) {
    for (const state of crashStates(point.fs, { fills: ['zero'] })) {
      const key = keyOf(state);
      if (!all.has(key)) all.set(key, { state, point });
    }
  }
  const list = [...all.values()];
  const step = Math.max(1, list.length / most);
  return Array.from({ length: Math.min(most, list.length) }, (_, index) => list[Math.floor(index * step)]).filter(
    (picked) => picked !== undefined,
  );
}

function keyOf({ fs, madeUp }: CrashState): string {
  const pending = pendingOf(fs.root);
  const durable = pending.length === 0 ? '' : hashTree(imageAfterPowerLoss(fs.root, () => false));
  return `${hashTree(fs.root)} ${durable} ${pending.length} ${madeUp}`;
}

function report(result: Exploration, point: CrashPoint, state: CrashState, error: unknown): void {
  if (result.broken.length >= 20) return;
  const why = error instanceof Error ? (error.message === '' ? String(error.stack) : error.message) : String(error);
  result.broken.push(`${point.label} | ${state.label} | ${why}`);
}

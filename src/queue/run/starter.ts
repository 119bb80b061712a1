import type { Store } from '../../storage/store.ts';
import type { StorageEnv } from '../../storage/types.ts';
import { Launcher } from '../process/launcher.ts';
import { runOrder } from '../process/order.ts';
import { killOrphans, leaseOf, leaseOfRunner } from '../process/orphans.ts';
import type { ProcessTable } from '../process/process-table.ts';
import type { QueueMachine } from '../state/machine.ts';
import type { Starter } from './handler.ts';
import { isSameFolder } from './take-over.ts';

/** One alone is busy starting children; with two the next one starts while the last one is seen to its end. */
const launchersMax = 2;

/**
 * What starts the processes of attempts: launchers where their children can be found by their environment alone, else
 * this process, which then notes each of them down.
 */
export function starterFor(
  env: StorageEnv,
  store: Store<QueueMachine>,
  table: ProcessTable,
  options: { killAfterMs: number; platform: string; begin: boolean },
): Starter {
  const { fs, clock } = env;
  if (options.platform !== 'linux' || !fs.real) {
    const tools = { fs, clock, table, env: process.env };
    return { start: (order, hooks) => runOrder(order, tools, hooks), close: async () => undefined };
  }
  const endLeft = async (leases: readonly string[]): Promise<void> => {
    const left = new Set(leases);
    await killOrphans({
      table,
      storeId: store.id,
      includes: (seq) => left.has(leaseOf(store.id, seq)),
      isOwnFolder: (path) => isSameFolder(env, store.dir, path),
      clock,
      graceMs: options.killAfterMs,
    });
  };
  const variables = { WALQ_LEASE: leaseOfRunner(store.id), WALQ_STORE: store.dir };
  const launchers = Array.from({ length: launchersMax }, () => new Launcher({ variables, endLeft, clock }));
  if (options.begin) launchers[0]?.begin();
  return {
    start(order, hooks) {
      const leastBusy = launchers.reduce((least, each) => (each.size < least.size ? each : least));
      return leastBusy.start(order, hooks);
    },
    async close() {
      await Promise.all(launchers.map((launcher) => launcher.close()));
    },
  };
}

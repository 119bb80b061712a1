import * as fc from 'fast-check';
import { test } from 'vitest';
import { audit } from './model/audit.ts';
import { commands } from './model/commands.ts';
import { checkReplay, checkState, checkStatus, checkTurns, drain } from './model/endgame.ts';
import { History } from './model/history.ts';
import { World } from './model/world.ts';

/** How often: WALQ_MODEL_RUNS=20000 finds more. WALQ_MODEL_SEED plays a run again; a failure prints its seed. */
const { WALQ_MODEL_RUNS: runs = '120', WALQ_MODEL_SEED: seed } = process.env;
const parameters = { numRuns: Number(runs), ...(seed !== undefined && { seed: Number(seed) }) };
const hour = 3_600_000;

function check(world: World): void {
  const history = new History(world);
  audit(world, history);
  checkReplay(world);
  checkState(history.last, world.log.machine);
  checkStatus(history.last, world);
}

const options = fc.record({
  crashesMax: fc.constantFrom(2, 3),
  groupLimit: fc.constantFrom(Number.POSITIVE_INFINITY, 2),
});

test(
  'whatever is asked at once, fails or dies: what was answered is true, and nobody waits for ever',
  async () => {
    await fc.assert(
      fc.asyncProperty(options, commands, fc.boolean(), async (limits, script, reopens) => {
        const world = new World(limits);
        await world.play(script);
        await world.quiesce();
        if (reopens || world.log.poisoned) world.open(0);
        check(world);
        const { seqLast } = world.log;
        await drain(world);
        check(world);
        checkTurns(world, seqLast);
      }),
      parameters,
    );
  },
  hour,
);

const group = fc.constantFrom(undefined, 'g', 'h');
const plainJob = fc.record({
  name: fc.constantFrom('default', 'x'),
  group,
  priority: fc.constantFrom(0, 0, 0, 1),
  command: fc.constantFrom(undefined, undefined, ['true']),
});
const wave = fc.record({ specs: fc.array(plainJob, { maxLength: 12 }), begin: fc.nat({ max: 6 }) });

test(
  'jobs begin by priority, groups in turn whatever their jobs are, and in a group one after the other',
  async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(wave, { maxLength: 4, size: 'max' }), fc.boolean(), async (waves, bySeveral) => {
        const world = new World({ groupLimit: Number.POSITIVE_INFINITY });
        const ask = async (request: Parameters<World['ask']>[0]): Promise<void> => {
          void world.ask(request);
          await world.quiesce();
        };
        let made = 0;
        for (const { specs, begin } of waves) {
          await ask({ kind: 'enqueue', specs: specs.map((spec) => ({ ...spec, id: `j${++made}` })) });
          const names = bySeveral ? new Set(['default', 'x']) : undefined;
          for (let n = 0; n < begin; n++) await ask({ kind: 'dispatch', names });
        }
        await drain(world);
        check(world);
        checkTurns(world, 0);
      }),
      { ...parameters, numRuns: Math.ceil(parameters.numRuns / 10) },
    );
  },
  hour,
);

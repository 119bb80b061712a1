import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createServer } from 'vite';

/**
 * npm run swarm -- [--minutes 10] [--seed N] [--lives 40]: stores on a simulated disk, each through many lives of its
 * writer, with calls that fail, kills and power losses, also inside a recovery; seed after seed until the time is over.
 * A promise that breaks ends it with exit 1, the story of that store, and the command that plays it again.
 */

const { values } = parseArgs({
  options: {
    minutes: { type: 'string' },
    seed: { type: 'string' },
    lives: { type: 'string' },
    once: { type: 'boolean' },
  },
});
const minutes = Number(values.minutes ?? 10);
const first = Number(values.seed ?? Math.floor(Date.now() / 1000) % 1_000_000_000);
const lives = Number(values.lives ?? 40);
if (![minutes, first, lives].every((number) => number >= 0)) throw new RangeError('numbers are wanted');

const root = fileURLToPath(new URL('../..', import.meta.url));
const server = { middlewareMode: true, hmr: false, ws: false, watch: null };
const vite = await createServer({ root, configFile: false, logLevel: 'error', server, appType: 'custom' });
const { Lives } = await vite.ssrLoadModule('/test/storage/crash/lives.ts');
const { emptyStore } = await vite.ssrLoadModule('/test/storage/crash/workloads.ts');

console.log(`swarm: from seed ${first} on, ${lives} lives each, ${values.once ? 'once' : `${minutes} min`}`);
const end = performance.now() + minutes * 60_000;
let seed = first;
let steps = 0;
let said = performance.now();
do {
  const run = new Lives(await emptyStore(), seed);
  try {
    await run.live(lives);
  } catch (error) {
    console.log(`seed ${seed}: ${error instanceof Error ? error.stack : error}\n  ${run.story.join('\n  ')}`);
    console.log(`again: npm run swarm -- --once --seed ${seed} --lives ${lives}`);
    process.exitCode = 1;
    break;
  }
  steps += run.story.length;
  seed++;
  if (performance.now() - said > 60_000) {
    said = performance.now();
    console.log(`${seed - first} stores, ${steps} steps`);
  }
} while (!values.once && performance.now() < end);
console.log(
  `${seed - first} stores, ${steps} steps, ${process.exitCode === 1 ? 'one broke a promise' : 'every promise kept'}`,
);
await vite.close();

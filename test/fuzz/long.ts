import { closeSync, ftruncateSync, openSync, writeFileSync, writeSync } from 'node:fs';
import * as fc from 'fast-check';
import { inputOf, recipeArbitrary } from './mutate.ts';
import { judgeInput } from './oracle.ts';
import { shrunkBytes } from './shrink.ts';
import { targets } from './targets/index.ts';

/** One target for a long time: what run.js starts. Exit code 1 for a finding, its shrunk input in a file. */

/** Of everything that is held, JavaScript or not. */
const memoryBytesMax = 1024 ** 3;

async function main(args: readonly string[]): Promise<number> {
  if (args[0] === '--list') {
    process.stdout.write(targets.map(({ name }) => `${name}\n`).join(''));
    return 0;
  }
  const [name = '', seed = '', ms = '', current = '', shrunk = ''] = args;
  const target = targets.find((each) => each.name === name);
  if (target === undefined) throw new Error(`no target ${name}`);
  const file = openSync(current, 'w');
  const outcomes: Record<string, number> = {};
  let runs = 0;
  const judge = async (bytes: Uint8Array): Promise<void> => {
    writeSync(file, bytes, 0, bytes.length, 0);
    ftruncateSync(file, bytes.length);
    const outcome = await judgeInput(target, bytes);
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    if (++runs % 256 === 0 && process.memoryUsage.rss() > memoryBytesMax) throw new Error('it holds over 1 GiB');
  };
  const property = fc.asyncProperty(recipeArbitrary, (recipe) => judge(inputOf(target, recipe)));
  const details = await fc.check(property, {
    seed: Number(seed),
    numRuns: 2 ** 31 - 1,
    interruptAfterTimeLimit: Number(ms),
    // The bytes are shrunk below: fast-check knows no end of time where each try is slow.
    endOnFailure: true,
  });
  const counts = Object.entries(outcomes).sort(([, a], [, b]) => b - a);
  process.stdout.write(`${runs} inputs: ${counts.map(([outcome, count]) => `${outcome} ${count}`).join(', ')}\n`);
  const recipe = details.counterexample?.[0];
  if (recipe !== undefined) {
    const failure = (bytes: Uint8Array) => judge(bytes).then(() => undefined, String);
    const smallest = await shrunkBytes(inputOf(target, recipe), async (bytes) => (await failure(bytes)) !== undefined);
    writeFileSync(shrunk, smallest);
    const why = details.errorInstance instanceof Error ? details.errorInstance.stack : String(details.errorInstance);
    process.stdout.write(`seed ${seed}, path ${details.counterexamplePath}, ${JSON.stringify(recipe)}\n${why}\n`);
    process.stdout.write(
      `shrunk: ${await failure(smallest)}\n${JSON.stringify(Buffer.from(smallest).toString('latin1'))}\n`,
    );
  }
  closeSync(file);
  return recipe === undefined ? 0 : 1;
}

/** Awaited here: what runs it ends the module runner once the module is there, and parsers import as they go. */
export const exitCode = await main(process.argv.slice(2));

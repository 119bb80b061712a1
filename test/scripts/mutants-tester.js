import { createVitest } from 'vitest/node';

/**
 * A process that runs tests of the folder it is in, for mutants.js: it is asked by messages, and loads the test runner
 * once. Whoever asks kills it when it is silent for too long, since a mutant may never come to an end.
 *
 * @typedef {{ tests: string[], only?: string, changed?: string }} Asked Files, a pattern of test names, the file that
 *   differs from when it was last read.
 * @typedef {{ outcome: 'passed' | 'failed' | 'broke', by: string }} Verdict
 */

/** What `expect` throws; of promises that settle the wrong way it says so in a plain Error. */
const assertion = /^(AssertionError|Error: promise (resolved|rejected) )/;

// A file never sees what another has loaded: it would be from before the change.
const vitest = await createVitest('test', { watch: false, bail: 1, isolate: true, maxWorkers: 1, reporters: [{}] });
await vitest.standalone();

/** @param {Asked} asked @returns {Promise<Verdict>} */
async function run({ tests, only, changed }) {
  const forget = () => changed !== undefined && vitest.invalidateFile(changed);
  forget();
  vitest.setGlobalTestNamePattern(only ?? '');
  const specifications = await vitest.globTestSpecifications(tests);
  // It answers with what it remembers of all files.
  const { testModules, unhandledErrors } = await vitest.runTestSpecifications(specifications);
  const asked = testModules.filter(({ moduleId }) => specifications.some((one) => one.moduleId === moduleId));
  // Whoever asked puts it back.
  forget();
  return verdictOf(asked, unhandledErrors);
}

/** @returns {Verdict} */
function verdictOf(modules, unhandled) {
  const results = modules.flatMap((module) => [...module.children.allTests()]);
  const said = (test) => test.result().errors.map(({ stack, name, message }) => stack ?? `${name}: ${message}`);
  const failed = results.filter((test) => test.result().state === 'failed');
  const asserted = failed.find((test) => said(test).some((text) => assertion.test(text)));
  if (asserted !== undefined) return { outcome: 'failed', by: asserted.fullName };
  const [first] = failed;
  if (first !== undefined) return { outcome: 'broke', by: `${first.fullName}: ${said(first)[0]?.split('\n')[0]}` };
  const [broken] = [...modules.flatMap((module) => module.errors()), ...unhandled];
  if (broken !== undefined) return { outcome: 'broke', by: broken.message };
  const passed = results.some((test) => test.result().state === 'passed');
  return { outcome: passed ? 'passed' : 'broke', by: 'no test of that name' };
}

process.on('message', (asked) => {
  run(asked).then(
    (verdict) => process.send(verdict),
    (error) => process.send({ outcome: 'broke', by: String(error.stack) }),
  );
});
process.send('ready');

import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Exit, type ExitCode } from '../base/errors.ts';
import type { Heard } from '../fs/compiled.ts';
import { version } from './version.ts';

/**
 * The one way in and the one way out. Maps every outcome to the exit codes of docs/exit-codes.md: an expected failure
 * has its own, a failed system call is 74, anything else is a bug in walq, 70. `heard` is for the build: see
 * `useCompiled`.
 */
export async function main(argv: readonly string[], heard?: Heard): Promise<void> {
  if (argv.length === 1 && (argv[0] === '--version' || argv[0] === '-V')) {
    // Answered before anything is loaded: scripts ask often.
    process.stdout.on('error', () => {});
    process.stdout.write(`${version()}\n`);
    return;
  }
  // Whoever waits for something that nothing is at work on ends the process here, and has not done what was asked.
  process.exitCode = Exit.bug;
  let done = false;
  process.once('exit', (code) => {
    if (!done && code === Exit.bug)
      process.stderr.write('walq ended before it was done: it waited for what never came\n');
  });
  const { useCompiled } = await import('../fs/compiled.ts');
  useCompiled(dirname(fileURLToPath(import.meta.url)), heard);
  const { run } = await import('./run.ts');
  const code = await runOrReport(() => run(argv));
  done = true;
  process.exit(code);
}

/** `run` reports its own failures; this is for a failure to report. */
async function runOrReport(run: () => Promise<ExitCode>): Promise<ExitCode> {
  try {
    return await run();
  } catch (error) {
    const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
    try {
      process.stderr.write(`this is a bug in walq:\n${stack}\n`);
    } catch {
      // Nobody is left to be told.
    }
    return Exit.bug;
  }
}

import { Exit, type ExitCode } from '../base/errors.ts';
import { version } from './version.ts';

/**
 * The one way in and the one way out. Maps every outcome to the exit codes of docs/exit-codes.md: an expected failure
 * has its own, a failed system call is 74, anything else is a bug in walq, 70.
 */
export async function main(argv: readonly string[]): Promise<void> {
  if (argv.length === 1 && (argv[0] === '--version' || argv[0] === '-V')) {
    // Answered before anything is loaded: scripts ask often.
    process.stdout.on('error', () => {});
    process.stdout.write(`${version()}\n`);
    return;
  }
  const { run } = await import('./run.ts');
  process.exit(await runOrReport(() => run(argv)));
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

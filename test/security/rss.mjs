import { readFileSync, writeFileSync } from 'node:fs';

/**
 * Loaded by a command under test: writes the largest memory it ever held, in KiB, into the file that RSS_FILE names. By
 * the system's own book where it has one: maxRSS begins with what the parent held when it started this process.
 */
process.on('exit', () =>
  writeFileSync(process.env.RSS_FILE ?? '', String(ownPeak() ?? process.resourceUsage().maxRSS)),
);

function ownPeak() {
  if (process.platform !== 'linux') return undefined;
  return /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
}

import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { must } from './measure.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
export const bin = `${root}bin/walq.cjs`;
export const version = JSON.parse(readFileSync(`${root}package.json`, 'utf8')).version;

/**
 * Loaded into a child to learn its peak memory, in KiB, written to fd 3 as it exits. From /proc where there is one:
 * what the system reports for a child also counts the memory its parent had when it was started.
 */
const peakHook = `data:text/javascript,${encodeURIComponent(`
  import { readFileSync, writeSync } from 'node:fs';
  process.on('exit', () => {
    let kib = process.resourceUsage().maxRSS;
    try { kib = Number(/VmHWM:\\s+(\\d+)/.exec(readFileSync('/proc/self/status', 'latin1'))[1]); } catch {}
    writeSync(3, String(kib));
  });
`)}`;

/**
 * Runs node with these arguments to its end: stdout, milliseconds, and peak memory if asked for. Any exit code but 0
 * fails the row.
 */
export async function runNode(args, { peak = false } = {}) {
  const started = performance.now();
  const stdio = ['ignore', 'pipe', 'pipe', ...(peak ? ['pipe'] : [])];
  const child = spawn(process.execPath, [...(peak ? ['--import', peakHook] : []), ...args], { stdio });
  const texts = stdio.map(() => '');
  for (const at of stdio.keys()) child.stdio[at]?.on('data', (chunk) => (texts[at] += chunk));
  const code = await new Promise((done, fail) => child.on('error', fail).on('close', done));
  const ms = performance.now() - started;
  must(code === 0, `node ${args.join(' ')} exited with ${code}: ${texts[2]}`);
  return { ms, stdout: texts[1], ...(peak && { peakKib: Number(texts[3]) }) };
}

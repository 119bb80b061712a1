import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

/**
 * `npm run fuzz -- --minutes N --seed S --only NAME`: every parser for N minutes (1), each in a process of its own with
 * little memory, so that one that hangs or eats memory is found too. A finding is shrunk, printed with its seed, and
 * saved below fuzz-findings/.
 */

const heapMegabytes = 512;
/** Longest silence of a process before it is said to hang; to begin, it has longer. */
const silenceMs = 60_000;
const beginMsMax = 10 * silenceMs;
const child = fileURLToPath(new URL('./child.js', import.meta.url));
const findings = fileURLToPath(new URL('../../fuzz-findings', import.meta.url));

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '1' }, seed: { type: 'string' }, only: { type: 'string' } },
});
const seed = Number(values.seed ?? Date.now() % 2 ** 31);
const ms = Number(values.minutes) * 60_000;
if (!Number.isSafeInteger(seed) || !(ms > 0)) throw new Error('--minutes and --seed are numbers');

const names = (await started(['--list'])).output.trim().split('\n');
const chosen = names.filter((name) => values.only === undefined || name === values.only);
if (chosen.length === 0) throw new Error(`no target ${values.only}; there are ${names.join(', ')}`);
console.log(`seed ${seed}, ${values.minutes} min each: ${chosen.join(', ')}`);

const folder = mkdtempSync(join(tmpdir(), 'walq-fuzz-'));
let found = 0;
for (const name of chosen) if (!(await fuzz(name))) found++;
rmSync(folder, { recursive: true });
console.log(found === 0 ? 'nothing found' : `${found} of ${chosen.length} targets with a finding`);
process.exitCode = found === 0 ? 0 : 1;

async function fuzz(name) {
  // The process writes here what it is about to try; of one that died, the last input is the finding.
  const current = join(folder, `${name}.current`);
  const shrunk = join(folder, `${name}.shrunk`);
  const { code, signal, output, silent } = await started([name, String(seed), String(ms), current, shrunk], current);
  console.log(`${name}: ${output.trim()}`);
  if (code === 0) return true;
  const finding = existsSync(shrunk) ? shrunk : current;
  if (!existsSync(finding)) throw new Error(`${name} did not begin: exit ${code ?? signal}`);
  const bytes = readFileSync(finding);
  const path = join(findings, `${name}-${createHash('sha256').update(bytes).digest('hex').slice(0, 8)}`);
  mkdirSync(findings, { recursive: true });
  writeFileSync(path, bytes);
  const how = silent ? 'it hung' : existsSync(shrunk) ? 'see above' : `it ended with ${code ?? signal}`;
  console.log(`${name}: FINDING (${how}), seed ${seed}, ${bytes.length} bytes in ${path}`);
  return false;
}

function started(args, heartbeat) {
  return new Promise((resolve, reject) => {
    const flags = [`--max-old-space-size=${heapMegabytes}`];
    const running = spawn(process.execPath, [...flags, child, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    let silent = false;
    const begun = Date.now();
    running.stdout.on('data', (chunk) => {
      output += chunk;
    });
    const watch = setInterval(() => {
      if (heartbeat === undefined) return;
      const begins = !existsSync(heartbeat);
      const last = begins ? begun : statSync(heartbeat).mtimeMs;
      if (Date.now() - last < (begins ? beginMsMax : silenceMs)) return;
      silent = true;
      running.kill('SIGKILL');
    }, 1000);
    running.on('error', reject);
    running.on('close', (code, signal) => {
      clearInterval(watch);
      resolve({ code, signal, output, silent });
    });
  });
}

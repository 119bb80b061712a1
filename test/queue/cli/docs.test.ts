import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { phaseKinds } from '../../../src/queue/state/phase.ts';
import { binary } from '../../cli/run-walq.ts';

/**
 * These pages show what the tool really says: every example runs, in order, in one folder for each page. With
 * README=update in the environment the outputs are written into the page instead; look at the difference before you
 * commit it.
 */

const pathOf = (name: string) => fileURLToPath(new URL(`../../../docs/${name}`, import.meta.url));
const updating = process.env.README === 'update';

const base = mkdtempSync(join(tmpdir(), 'walq-docs-'));
afterAll(() => rmSync(base, { recursive: true, force: true }));

interface Example {
  command: string;
  output: string;
}

/** `$ command` and the lines below it, up to the next one. */
function examples(page: string): Example[] {
  return [...page.matchAll(/^```console\n([\s\S]*?)^```/gm)].flatMap(([, block = '']) =>
    block
      .split(/^\$ /m)
      .filter((part) => part !== '')
      .map((part) => {
        const end = part.indexOf('\n');
        return { command: part.slice(0, end), output: part.slice(end + 1) };
      }),
  );
}

/** What differs from run to run: times, durations, processes and what is drawn at random. */
function settled(text: string): string {
  return text
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<time>')
    .replace(/\b17\d{11}\b|\b18\d{11}\b/g, '<ms>')
    .replace(/\b(?:\d+(?:\.\d+)? ?(?:ms|[dhms]))+\b/g, '<duration>')
    .replace(/\bpid \d+/g, 'pid <pid>')
    .replace(/\b[0-9a-f]{12}\b/g, '<runner>');
}

function run(folder: string, command: string): Promise<string> {
  const bin = join(folder, 'bin');
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, 'walq'), `#!/bin/sh\nexec '${process.execPath}' '${binary}' "$@"\n`);
  chmodSync(join(bin, 'walq'), 0o755);
  return new Promise((resolve, reject) => {
    const env = { PATH: `${bin}:${process.env.PATH ?? ''}`, TZ: 'UTC' };
    const child = spawn('bash', ['-c', `exec 2>&1; ${command}`], {
      cwd: folder,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    child.on('error', reject);
    child.on('close', () => resolve(output));
  });
}

test.each([
  ['queue-look.md', 11],
  ['jobs.md', 7],
])('every example of %s gives what is printed there', async (name, least) => {
  const page = readFileSync(pathOf(name), 'utf8');
  const folder = join(base, name);
  mkdirSync(folder);
  let text = page;
  expect(examples(page).length).toBeGreaterThanOrEqual(least);
  for (const { command, output } of examples(page)) {
    const said = await run(folder, command);
    if (updating) text = text.replace(`$ ${command}\n${output}`, () => `$ ${command}\n${said}`);
    else expect(settled(said), command).toBe(settled(output));
  }
  if (updating && text !== page) writeFileSync(pathOf(name), text);
});

test('the page explains every phase there is, and no other', () => {
  const page = readFileSync(pathOf('queue-look.md'), 'utf8');
  const named = [...page.matchAll(/^\| `([\w-]+)` +\|/gm)].map((match) => match[1]);
  expect(named.sort()).toEqual([...phaseKinds].sort());
});

import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What documents show of the command line, to be run and compared. */

export const root = fileURLToPath(new URL('../..', import.meta.url));

export interface Example {
  command: string;
  output: string;
}

/** Code blocks of one language, in order. */
export function blocksOf(text: string, language: string): string[] {
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\``, 'gm'))].map((match) => match[1] ?? '');
}

/** `$ command` in console blocks and the lines below it, up to the next one. */
export function examplesIn(text: string): Example[] {
  return blocksOf(text, 'console').flatMap((block) =>
    block
      .split(/^\$ /m)
      .filter((part) => part !== '')
      .map((part) => {
        const end = part.indexOf('\n');
        return { command: part.slice(0, end), output: part.slice(end + 1) };
      }),
  );
}

/** Puts a `walq` that runs the built one into a new folder, for the PATH. */
export function makeShim(folder: string): void {
  mkdirSync(folder);
  const shim = join(folder, 'walq');
  writeFileSync(shim, `#!/bin/sh\nexec '${process.execPath}' '${join(root, 'bin/walq.cjs')}' "$@"\n`);
  chmodSync(shim, 0o755);
}

/** Runs a program as a person at a prompt would: both outputs in one place, nothing on standard input. */
export function runShown(
  program: string,
  args: string[],
  where: { cwd: string; shims: string },
): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const env = { PATH: `${where.shims}${delimiter}${process.env.PATH ?? ''}`, TZ: 'UTC' };
    const child = spawn(program, args, { cwd: where.cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    }
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, output }));
  });
}

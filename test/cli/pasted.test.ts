import { execFileSync } from 'node:child_process';
import { cpSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { binary, scratch, walq } from './run-walq.ts';

const fixtures = fileURLToPath(new URL('../../fixtures', import.meta.url));

/** What a person does with it: into a shell, as it stands there. */
function paste(command: string, cwd: string): string {
  const script = `walq() { "$NODE" "$WALQ" "$@"; }\n${command}\nexit 0`;
  const env = { PATH: process.env.PATH ?? '', NODE: process.execPath, WALQ: binary };
  return execFileSync('bash', ['-c', script], { cwd, env, stdio: ['ignore', 'pipe', 'ignore'] }).toString();
}

it.each(['a b', "it's", '-x', '--apply', 'new\nline', '\x1b[31mred', '\\ $HOME `id` * ;', 'left\u202eright'])(
  'the commands that doctor and repair print work for a store called %j',
  async (name) => {
    const cwd = scratch();
    cpSync(join(fixtures, 'bit-flip'), join(cwd, name), { recursive: true });
    const { stdout } = await walq(['doctor', '--', name], { cwd });
    const planned = paste(/^next +(walq .*?) {2}/m.exec(stdout)?.[1] ?? '', cwd);
    const healed = paste(/^next: (walq .*)$/m.exec(planned)?.[1] ?? '', cwd);
    expect(healed).toContain('\nOK\n');
    expect((await walq(['wal', 'verify', '--', name], { cwd })).code).toBe(0);
    expect(paste(/^to take it back: (walq .*)$/m.exec(healed)?.[1] ?? '', cwd)).toContain('put back');
  },
);

it('the commands that are printed for a job whose id begins with a minus work', async () => {
  const cwd = scratch();
  const id = '-x y';
  await walq(['queue', 'enqueue', `--id=${id}`], { cwd });
  paste('walq queue run --exec "echo said" --drain', cwd);
  const { stdout } = await walq(['queue', 'show', '--', id], { cwd });
  expect(paste(/^output +(.*)$/m.exec(stdout)?.[1] ?? '', cwd)).toContain('said');
});

it('a bad snapshot that no good one can outrun is set aside by the command that doctor prints', async () => {
  const cwd = scratch();
  cpSync(join(fixtures, 'clean'), join(cwd, 'a b'), { recursive: true });
  const far = '00000000000000009999.snap';
  renameSync(join(cwd, 'a b', 'snapshots', '00000000000000000031.snap'), join(cwd, 'a b', 'snapshots', far));
  const { code, stdout } = await walq(['doctor', 'a b'], { cwd });
  expect([code, stdout]).toEqual([3, expect.stringContaining('got seq 9999, expected seq 31 [E_SNAPSHOT_NAME]')]);
  paste(/^next +(.*?) {2}/m.exec(stdout)?.[1] ?? '', cwd);
  expect(readdirSync(join(cwd, 'a b', 'quarantine'))).toEqual([far]);
  expect((await walq(['wal', 'verify', 'a b'], { cwd })).code).toBe(0);
});

it('a salvaged store takes the place of the damaged one by the commands that are printed', async () => {
  const cwd = scratch();
  cpSync(join(fixtures, 'missing-segment'), join(cwd, 'my jobs'), { recursive: true });
  const { stdout } = await walq(['doctor', 'my jobs'], { cwd });
  const planned = paste(/^next +(walq .*?) {2}/m.exec(stdout)?.[1] ?? '', cwd);
  const made = paste(/^next: (walq .*)$/m.exec(planned)?.[1] ?? '', cwd);
  paste(/^then, in its place: (.*)$/m.exec(made)?.[1] ?? '', cwd);
  expect(readdirSync(cwd).sort()).toEqual(['my jobs', 'my jobs.damaged']);
  expect((await walq(['queue', 'enqueue', 'x', '--store', 'my jobs'], { cwd })).code).toBe(0);
  expect((await walq(['wal', 'verify', 'my jobs', '--deep'], { cwd })).code).toBe(0);
});

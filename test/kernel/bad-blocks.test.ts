import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { checkAnswer } from '../cli/answers.ts';
import { copyOf, totalsOf } from '../cli/fixture-copy.ts';
import { binary, type Ran, walq } from '../cli/run-walq.ts';
import { orNotRun, straceWorks } from './child-run.ts';
import { filesOf } from './stores.ts';

/** The command line where the real kernel refuses to read a file of a store. */
async function refusing(path: string, args: readonly string[]): Promise<Pick<Ran, 'code' | 'stdout' | 'stderr'>> {
  const inject = ['-f', '-o', '/dev/null', '-P', path, '-e', 'inject=pread64,read:error=EIO'];
  const answer = await promisify(execFile)('strace', [...inject, process.execPath, binary, ...args]).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    ({ code, stdout, stderr }: Ran) => ({ code, stdout, stderr }),
  );
  checkAnswer(args, answer.stdout, true);
  return answer;
}

test
  .skipIf(!straceWorks)
  .for(['STORE.json', 'HEAD', 'wal/0000000002-00000000000000000014.wal', 'snapshots/00000000000000000012.snap'])(
  `${orNotRun}%s that the disk does not give: other commands say what reads around it, and change nothing`,
  async (file) => {
    const store = copyOf('clean');
    const totals = await totalsOf(store);
    expect(totals).toMatch(/^[0-9a-f]{64}$/);
    const before = filesOf(store);
    const path = `${store}/${file}`;
    for (const command of [['wal', 'verify'], ['wal', 'inspect'], ['doctor']]) {
      const { code, stderr } = await refusing(path, [...command, store]);
      // Whoever reads the log alone does not miss a snapshot.
      if (command[1] === 'inspect' && file.startsWith('snapshots')) continue;
      expect({ command, code }).toEqual({ command, code: 74 });
      expect(stderr).toContain(`cannot read ${path}: the device reports an input/output error (EIO) [E_READ]\n`);
      expect(stderr).toContain(`next:  walq wal repair ${store} --mode salvage --to NEWSTORE\n`);
    }
    const to = `${store}-new`;
    const made = await refusing(path, ['wal', 'repair', store, '--mode', 'salvage', '--to', to, '--apply', '--json']);
    expect(made.code, made.stderr).toBe(0);
    const { plan } = JSON.parse(made.stdout);
    expect(plan.unreadable).toMatchObject([{ file, offset: 0 }]);
    expect(plan.lost).toEqual(file.startsWith('wal') ? [{ seqFirst: 14, seqLast: 29 }] : []);
    expect(filesOf(store)).toEqual(before);
    const planned = await refusing(path, ['wal', 'repair', store, '--mode', 'salvage', '--to', `${to}-2`, '--apply']);
    expect(planned.stdout).toMatch(
      new RegExp(`^[\\d,]+ bytes from offset 0 of ${file} cannot be read \\(I/O error\\): `, 'm'),
    );
    // It would go back to the disk that fails.
    expect(planned.stdout).not.toContain('in its place');
    expect((await walq(['wal', 'verify', to, '--deep'])).code).toBe(0);
    // The newest snapshot covers what is lost.
    expect(await totalsOf(to)).toBe(totals);
  },
);

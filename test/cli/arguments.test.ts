import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { binary, scratch } from './run-walq.ts';

const execute = promisify(execFile);

/** Only a shell can hand over bytes that are no text. */
async function shell(cwd: string, line: string): Promise<{ code: number; stdout: string }> {
  const run = execute('sh', ['-c', line, 'sh', process.execPath, binary], { cwd });
  return await run.then(
    ({ stdout }) => ({ code: 0, stdout }),
    (error: { code: number; stdout: string }) => ({ code: error.code, stdout: error.stdout }),
  );
}

test.skipIf(process.platform !== 'linux')(
  'an argument that is not UTF-8 is refused, and makes no other folder',
  async () => {
    const cwd = scratch();
    const refused = await shell(cwd, `"$@" --store "$(printf 'caf\\351')" queue enqueue mail --json`);
    expect(refused.code).toBe(2);
    expect(JSON.parse(refused.stdout)).toMatchObject({
      kind: 'queue.enqueue',
      error: { code: 'E_USAGE', message: "argument 2 is not UTF-8: 'caf\ufffd'" },
    });
    const payload = await shell(cwd, `"$@" queue enqueue mail -d "$(printf '"\\377"')"`);
    expect(payload.code).toBe(2);
    expect(readdirSync(cwd)).toEqual([]);
  },
);

test('U+FFFD as it is written in UTF-8 is a character like others', async () => {
  const cwd = scratch();
  const { code } = await shell(cwd, `"$@" --store 'caf\ufffd' queue enqueue mail -d '"\ufffd"'`);
  expect(code).toBe(0);
  expect(readdirSync(cwd)).toEqual(['caf\ufffd']);
});

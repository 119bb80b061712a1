import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { contents, segments } from './make-store.ts';
import { scratch, walq } from './run-walq.ts';

const fixtures = fileURLToPath(new URL('../../fixtures', import.meta.url));

/** A copy of a fixture, to be damaged. */
function copy(name: string): string {
  const dir = join(scratch(), name);
  cpSync(join(fixtures, name), dir, { recursive: true });
  return dir;
}

/** Without what was set aside and the lock. */
function filesIn(dir: string) {
  return Object.fromEntries(Object.entries(contents(dir)).filter(([name]) => !/quarantine|LOCK/.test(name)));
}

describe('wal repair --mode heal', () => {
  it('is what verify leads to, gives back the whole store, and is taken back', async () => {
    const dir = copy('bit-flip');
    const before = filesIn(dir);
    const verified = await walq(['wal', 'verify', dir]);
    expect(verified).toMatchObject({
      code: 3,
      stdout: expect.stringContaining(`next: walq wal repair ${dir} --mode heal\n`),
    });
    const plan = await walq(['wal', 'repair', dir, '--mode', 'heal']);
    expect(plan).toMatchObject({ code: 7, stdout: expect.stringContaining(`--mode heal --apply\n`) });
    expect(filesIn(dir)).toEqual(before);
    const applied = await walq(['wal', 'repair', dir, '--mode', 'heal', '--apply']);
    expect(applied).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/turned bit 0 .*payload, seq 3\); kept in quarantine/),
    });
    const [first = ''] = segments(dir).sort();
    expect(readFileSync(first)).toEqual(readFileSync(first.replace(dir, join(fixtures, 'clean'))));
    expect(await walq(['wal', 'verify', dir])).toMatchObject({ code: 0 });
    expect((await walq(['wal', 'repair', dir, '--undo'])).code).toBe(0);
    expect(filesIn(dir)).toEqual(before);
  });

  it('says why it leaves a place alone, and changes nothing', async () => {
    const dir = copy('bit-flip');
    const [first = ''] = segments(dir).sort();
    const bytes = readFileSync(first);
    bytes.fill(0x20, 460, 468);
    writeFileSync(first, bytes);
    const before = filesIn(dir);
    const { code, stdout } = await walq(['wal', 'repair', dir, '--mode', 'heal', '--apply']);
    expect({ code, stdout }).toMatchObject({ code: 3, stdout: expect.stringContaining('more than one bit differs') });
    expect(filesIn(dir)).toEqual(before);
  });

  it('names the bit of a large payload with its odds, and does not turn it', async () => {
    const dir = join(scratch(), 'store');
    const payload = JSON.stringify({ text: 'x'.repeat(20_000) });
    for (const id of ['a', 'b']) {
      expect((await walq(['queue', 'enqueue', 'mail', '--id', id, '-d', payload, '--store', dir])).code).toBe(0);
    }
    const [first = ''] = segments(dir);
    const bytes = readFileSync(first);
    bytes[5000] = (bytes[5000] ?? 0) ^ 4;
    writeFileSync(first, bytes);
    const { code, stdout } = await walq(['wal', 'repair', dir, '--mode', 'heal', '--apply']);
    expect(code).toBe(3);
    expect(stdout).toContain('only a candidate, not healed: bit 2 of the byte at offset 5000');
    expect(stdout).toMatch(/looks the same once in 2\d,\d{3}\n/);
    expect(readFileSync(first)).toEqual(bytes);
  });
});

import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { copyOf, salvaged, totalsOf } from './fixture-copy.ts';
import { segments } from './make-store.ts';
import { walq } from './run-walq.ts';

describe('a store whose log was removed', () => {
  it('has a verdict, a page, a bundle, and the state of its newest snapshot in a new store', async () => {
    const dir = copyOf('clean');
    const whole = await totalsOf(dir);
    await walq(['snapshot', 'create', dir]);
    rmSync(join(dir, 'wal'), { recursive: true });
    for (const gone of ['', 'STORE.json']) {
      if (gone !== '') rmSync(join(dir, gone));
      const bundle = `${dir}${gone}.tgz`;
      const { code, stdout } = await walq(['doctor', dir, '--bundle', bundle]);
      expect(code).toBe(3);
      expect(stdout).toMatch(/^CORRUPT {2}lost: nothing\n.*HEAD says that it went up to seq 38 \[E_GUTTED\]/s);
      expect(stdout).toContain('newest good one is of seq 38');
      expect(stdout).toContain(`next       walq wal repair ${dir} --mode salvage --to NEWSTORE`);
      expect(existsSync(bundle)).toBe(true);
      expect((await walq(['report', dir, '-o', `${dir}${gone}.html`])).code).toBe(3);
      expect(existsSync(`${dir}${gone}.html`)).toBe(true);
      for (const command of [['wal', 'verify', '--deep'], ['doctor'], ['report', '-o', `${dir}${gone}.json.html`]])
        expect((await walq([...command, dir, '--json'])).code).toBe(3);
      const writer = await walq(['queue', 'enqueue', 'mail', '--store', dir]);
      expect(writer).toMatchObject({ code: 3, stderr: expect.stringContaining('[E_GUTTED]') });
    }
    const { told, totals } = await salvaged(dir);
    expect(told).toContain('no event, and the state at seq 38');
    expect(told).toContain('lost: nothing');
    expect(totals).toBe(whole);
  });

  it('counts what came after its newest snapshot as lost, and goes on behind that', async () => {
    const dir = copyOf('clean');
    for (const file of segments(dir)) rmSync(file);
    const listed = await walq(['snapshot', 'list', dir]);
    expect(listed).toMatchObject({ code: 0, stdout: expect.stringContaining('00000000000000000031.snap') });
    const { told } = await salvaged(dir);
    expect(told).toContain('lost: exactly 7 events (seq 32..38)');
    await walq(['queue', 'enqueue', 'mail', '--store', `${dir}-saved`]);
    expect((await walq(['wal', 'inspect', `${dir}-saved`, '@tail'])).stdout).toContain('[seq=39] ENQUEUE');
  });

  it('gives no new store without a good snapshot', async () => {
    const dir = copyOf('clean');
    for (const folder of ['wal', 'snapshots']) rmSync(join(dir, folder), { recursive: true });
    expect((await walq(['doctor', dir])).stdout).toMatch(/lost: exactly 38 events.*next {7}walq help E_GUTTED/s);
    const { code, stderr } = await walq(['wal', 'repair', dir, '--mode', 'salvage', '--to', `${dir}-saved`, '--apply']);
    expect([code, stderr]).toEqual([3, expect.stringContaining('[E_GUTTED]')]);
    expect(existsSync(`${dir}-saved`)).toBe(false);
  });
});

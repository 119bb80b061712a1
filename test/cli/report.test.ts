import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { type Model, unpack } from '../../src/cli/report/page/model.ts';
import { contents, makeStore, open } from './make-store.ts';
import { binary, scratch, walq } from './run-walq.ts';

const fixtures = fileURLToPath(new URL('../../fixtures', import.meta.url));

function modelOf(page: string): Model {
  const data = /<script type="text\/plain" id="data">([^<]*)<\/script>/.exec(page)?.[1] ?? '';
  return unpack(inflateRawSync(Buffer.from(data, 'base64')));
}

describe('report', () => {
  it.each([
    ['clean', 0],
    ['torn', 4],
    ['ambiguous', 3],
    ['bit-flip', 3],
    ['missing-segment', 3],
    ['bad-snapshot', 3],
  ])('says of %s in its head what doctor says, ends as doctor does, and changes nothing', async (name, exit) => {
    const folder = scratch();
    const [dir, file] = [join(folder, name), join(folder, 'report.html')];
    cpSync(join(fixtures, name), dir, { recursive: true });
    const before = contents(dir);
    const { code, stdout, stderr } = await walq(['report', dir, '-o', file]);
    expect([code, stderr]).toEqual([exit, '']);
    const doctor = await walq(['doctor', dir]);
    expect(doctor.code).toBe(exit);
    const [verdict = ''] = doctor.stdout.split('\n');
    expect(stdout.split('\n')[1]).toBe(verdict);
    const head = readFileSync(file, 'utf8').split('<main')[0] ?? '';
    const text = head.replace(/<[^>]*>/g, '').replaceAll('&#39;', "'");
    for (const words of verdict.split('  ').filter((each) => each !== '')) expect(text).toContain(words);
    expect(contents(dir)).toEqual(before);
    expect(readdirSync(folder).sort()).toEqual([name, 'report.html'].sort());
  });

  it('has every event of a small log, and the latencies that stats tells', async () => {
    const file = join(scratch(), 'report.html');
    await walq(['report', join(fixtures, 'clean'), '-o', file]);
    const { rows, facts } = modelOf(readFileSync(file, 'utf8'));
    expect([...rows.seq]).toEqual(Array.from({ length: 38 }, (_, index) => index + 1));
    const { wait, took } = JSON.parse((await walq(['wal', 'stats', join(fixtures, 'clean'), '--json'])).stdout);
    const numbers = ({ count, p50, p90, p99, max }: Record<string, unknown>) => ({ count, p50, p90, p99, max });
    expect(numbers({ ...facts.wait })).toEqual(numbers(wait));
    expect(numbers({ ...facts.took })).toEqual(numbers(took));
    expect(facts.wait.buckets.reduce((sum, bucket) => sum + bucket.count, 0)).toBe(wait.count);
  });

  it('does not write over a file without --force, and over nothing but a file with it', async () => {
    const folder = scratch();
    const file = join(folder, 'report.html');
    writeFileSync(file, 'mine');
    const store = join(fixtures, 'clean');
    const refused = await walq(['report', store, '-o', file]);
    expect(refused.code).toBe(7);
    expect(refused.stderr).toContain('E_FILE_EXISTS');
    expect(readFileSync(file, 'utf8')).toBe('mine');
    expect((await walq(['report', store, '-o', file, '--force'])).code).toBe(0);
    expect(readFileSync(file, 'utf8')).toMatch(/^<!doctype html>/);
    expect((await walq(['report', store, '-o', folder, '--force'])).code).toBe(2);
    expect((await walq(['report', store, '-o', join(folder, 'none', 'x.html')])).code).toBe(2);
    writeFileSync(`${file}.tmp`, 'of another');
    const beside = await walq(['report', store, '-o', join(folder, 'report.html'), '--json']);
    expect(beside.code).toBe(7);
    writeFileSync(join(folder, 'new.html.tmp'), 'of another');
    expect((await walq(['report', store, '-o', join(folder, 'new.html')])).code).toBe(7);
    expect(readFileSync(join(folder, 'new.html.tmp'), 'utf8')).toBe('of another');
    expect(existsSync(join(folder, 'new.html'))).toBe(false);
  });

  it('gives the page to standard output, and says the verdict beside it', async () => {
    const { code, stdout, stderr } = await walq(['report', join(fixtures, 'bit-flip'), '-o', '-']);
    expect(code).toBe(3);
    expect(stdout).toMatch(/^<!doctype html>[\s\S]*<\/html>\n$/);
    expect(stderr).toContain('CORRUPT  lost: exactly 1 event (seq 3)');
    expect(modelOf(stdout).rows.length).toBe(37);
    expect((await walq(['report', join(fixtures, 'clean'), '-o', '-', '--json'])).code).toBe(2);
  });

  it('answers with one document under --json', async () => {
    const file = join(scratch(), 'report.html');
    const { code, stdout } = await walq(['report', join(fixtures, 'torn'), '-o', file, '--json']);
    expect(code).toBe(4);
    expect(JSON.parse(stdout)).toMatchObject({
      walq: 1,
      kind: 'report',
      file,
      bytes: readFileSync(file).length,
      verdict: 'torn',
      sample: { events: 37, eventsOf: 37, oneIn: 1 },
      exit: 4,
    });
  });

  it('wants a store, and says what else it was given', async () => {
    const file = join(scratch(), 'report.html');
    for (const other of ['raft-recovery/wal.log', 'document/events.log', 'clean/wal', 'clean/HEAD']) {
      const { code, stderr } = await walq(['report', join(fixtures, other), '-o', file]);
      expect(code).toBe(2);
      expect(stderr).toContain('E_WRONG_TARGET');
    }
    expect((await walq(['report', join(scratch(), 'none'), '-o', file])).code).toBe(1);
    expect((await walq(['report', join(fixtures, 'clean')])).code).toBe(2);
    expect(existsSync(file)).toBe(false);
  });

  it('holds no payload, and where it does, no more of one than a page can bear', async () => {
    const dir = join(scratch(), 'store');
    const file = join(scratch(), 'report.html');
    const long = `"swordfish ${'x'.repeat(5000)}"`;
    await walq(['--store', dir, 'queue', 'enqueue', 'mail', '--id', 'a', '-d', '"swordfish"']);
    await walq(['--store', dir, 'queue', 'enqueue', 'mail', '--id', 'b', '-d', long]);
    await walq(['report', dir, '-o', file]);
    expect(modelOf(readFileSync(file, 'utf8')).facts.texts.join()).not.toContain('swordfish');
    const { stdout } = await walq(['report', dir, '-o', file, '--force', '--with-payloads']);
    const { texts } = modelOf(readFileSync(file, 'utf8')).facts;
    expect(texts.filter((text) => text.includes('swordfish'))).toHaveLength(2);
    expect(Math.max(...texts.map((text) => text.length))).toBeLessThan(500);
    expect(stdout).toContain('1 long text cut short');
  });

  it('reads beside a writer that is at work, and waits for nobody', async () => {
    const dir = join(scratch(), 'store');
    const file = join(scratch(), 'report.html');
    await makeStore(dir, 5);
    const writer = await open(dir);
    const { code } = await walq(['report', dir, '-o', file]);
    expect(code).toBe(0);
    expect(modelOf(readFileSync(file, 'utf8')).rows.length).toBe(15);
    await writer.close();
  });

  it('shows a store without an event, and one that is compacted to nothing with the jobs of its snapshot', async () => {
    const dir = join(scratch(), 'store');
    const file = join(scratch(), 'report.html');
    await (await open(dir)).close();
    expect((await walq(['report', dir, '-o', file])).code).toBe(0);
    expect(modelOf(readFileSync(file, 'utf8')).facts.base).toMatchObject({ seq: 0, pending: 0 });
    await makeStore(dir, 4);
    expect((await walq(['wal', 'compact', dir, '--keep', '1'])).code).toBe(0);
    expect((await walq(['report', dir, '-o', file, '--force'])).code).toBe(0);
    const { rows, facts, jobs } = modelOf(readFileSync(file, 'utf8'));
    expect([rows.length, jobs.length]).toEqual([0, 4]);
    expect(facts.base).toEqual({ seq: 12, pending: 0, in_flight: 0, completed: 4, dead: 0 });
  });

  it('leaves nothing behind when it is interrupted, at any moment', async () => {
    const folder = scratch();
    const dir = join(folder, 'store');
    await makeStore(dir, 30);
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      for (let wait = 0; wait < 400; wait += 40) {
        const file = join(folder, `${signal}-${wait}.html`);
        const child = spawn(process.execPath, [binary, 'report', dir, '-o', file], { stdio: 'ignore' });
        const closed = once(child, 'close');
        await new Promise((done) => setTimeout(done, wait));
        child.kill(signal);
        await closed;
        expect(existsSync(`${file}.tmp`)).toBe(false);
        if (existsSync(file)) expect(readFileSync(file, 'utf8')).toMatch(/<\/html>\n$/);
      }
    }
  });
});

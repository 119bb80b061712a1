import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { systemClock, systemRandom } from '../../src/base/node-clock.ts';
import { nodeFs } from '../../src/fs/node-fs.ts';
import { enqueueDefaults, type QueueEvent } from '../../src/queue/events/event-types.ts';
import { encodeEvent } from '../../src/queue/events/events.ts';
import { QueueMachine } from '../../src/queue/state/machine.ts';
import { openStore } from '../../src/storage/store.ts';
import type { StateMachine } from '../../src/storage/types.ts';
import { packed } from '../../src/storage/wal/records.ts';
import { contents, makeStore } from './make-store.ts';
import { scratch, walq } from './run-walq.ts';

const fixtures = fileURLToPath(new URL('../../fixtures', import.meta.url));

/** A writer with a fault: takes whatever comes, and tells of another state when it is asked for a snapshot. */
class LaxMachine implements StateMachine {
  readonly #real = new QueueMachine();
  readonly #forgets: string | undefined;

  constructor(forgets?: string) {
    this.#forgets = forgets;
  }
  apply(record: Uint8Array, seq: number): void {
    try {
      if (this.#forgets === undefined || !Buffer.from(record).includes(this.#forgets)) this.#real.apply(record, seq);
    } catch {
      // It takes it all the same.
    }
  }
  cut(): Iterable<Uint8Array> {
    return this.#real.cut();
  }
  load(entry: Uint8Array): void {
    this.#real.load(entry);
  }
}

const at = Date.UTC(2026, 8, 1);
const enqueue = (id: string): QueueEvent => ({ type: 'ENQUEUE', id, at, ...enqueueDefaults, runAt: at });

/** With a snapshot after each part. */
async function writeWith(machine: () => StateMachine, ...parts: readonly (readonly QueueEvent[])[]): Promise<string> {
  const dir = join(scratch(), 'store');
  const env = { fs: nodeFs, clock: systemClock, random: systemRandom };
  const store = await openStore(env, dir, { machine, create: true });
  for (const events of parts) {
    for (const event of events) await store.append(packed([encodeEvent(event)]));
    await store.checkpoint();
  }
  await store.close();
  return dir;
}

describe('wal verify --deep', () => {
  it('replays a sound store, holds its snapshots against the log, and writes nothing', async () => {
    const dir = join(fixtures, 'clean');
    const before = contents(dir);
    const { code, stdout } = await walq(['wal', 'verify', dir, '--deep']);
    expect(code).toBe(0);
    expect(stdout).toContain('deep: 38 events replayed by the rules of the queue, the state of 2 snapshots is');
    expect(contents(dir)).toEqual(before);
  });

  it('begins with the state of the oldest snapshot where the log was cleaned', async () => {
    const dir = join(scratch(), 'store');
    await makeStore(dir, 40, { segmentBytes: 2000, snapshotAfter: 20 });
    expect((await walq(['wal', 'compact', dir, '--keep', '1'])).code).toBe(0);
    expect((await walq(['queue', 'enqueue', '--store', dir, '--id', 'more'])).code).toBe(0);
    expect((await walq(['snapshot', 'create', dir])).code).toBe(0);
    const { code, stdout } = await walq(['wal', 'verify', dir, '--deep', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ verdict: 'clean', deep: { applied: 1, proved: [121] } });
  });

  it('finds an event that makes no sense, although every checksum holds', async () => {
    const dir = await writeWith(() => new LaxMachine(), [enqueue('a'), { type: 'ACK', id: 'a', at }, enqueue('b')]);
    expect((await walq(['wal', 'verify', dir])).code).toBe(0);
    const { code, stdout } = await walq(['wal', 'verify', dir, '--deep']);
    expect(code).toBe(3);
    expect(stdout).toMatch(/ACK does not fit the state: the job is pending at offset \d+ \(seq 2\) \[E_REPLAY\]/);
    const [name = ''] = readdirSync(join(dir, 'wal'));
    const alone = join(scratch(), name);
    cpSync(join(dir, 'wal', name), alone);
    const place = new RegExp(`record 2 in ${name} \\(frame at offset \\d+\\) does not apply: .* \\[E_REPLAY\\]`);
    expect(await walq(['wal', 'replay', alone])).toMatchObject({ code: 3, stderr: expect.stringMatching(place) });
    rmSync(join(dir, 'snapshots'), { recursive: true });
    mkdirSync(join(dir, 'snapshots'));
    // Nobody can open it now: that is not OK, and the step that doctor names leads out.
    const look = await walq(['doctor', dir]);
    expect(look.code).toBe(3);
    expect(look.stdout).toMatch(/^CORRUPT {2}lost: nothing\n.*\[E_REPLAY\]/);
    expect(look.stdout).toContain(`walq wal repair ${dir} --mode cut --at 1 --to NEWSTORE`);
    const to = join(scratch(), 'new');
    expect((await walq(['wal', 'repair', dir, '--mode', 'cut', '--at', '1', '--to', to, '--apply'])).code).toBe(0);
    expect((await walq(['wal', 'verify', to, '--deep'])).code).toBe(0);
  });

  it('finds a snapshot that holds another state than the log gives', async () => {
    const dir = await writeWith(() => new LaxMachine('forgotten'), [enqueue('a'), enqueue('forgotten')]);
    expect((await walq(['wal', 'verify', dir])).code).toBe(0);
    const { code, stdout } = await walq(['wal', 'verify', dir, '--deep']);
    expect(code).toBe(3);
    expect(stdout).toContain('snapshot holds another state than the log gives at its seq');
    expect(stdout).toContain('E_SNAPSHOT_STATE');
  });

  it('counts imported events that changed nothing', async () => {
    const imported: QueueEvent = { type: 'ACK', id: 'nobody', at, from: '7' };
    const dir = await writeWith(() => new QueueMachine(), [enqueue('a'), imported, enqueue('b')]);
    const { code, stdout } = await walq(['wal', 'verify', dir, '--deep']);
    expect(code).toBe(0);
    expect(stdout).toContain(
      'deep: 3 events replayed by the rules of the queue, 1 of them imported ones that did not fit and changed nothing, the state',
    );
    const { deep } = JSON.parse((await walq(['wal', 'verify', dir, '--deep', '--json'])).stdout);
    expect(deep).toMatchObject({ applied: 3, leftOut: 1, stateless: 0 });
  });

  it('goes on behind a hole with the next snapshot, and finds what makes no sense there', async () => {
    const dir = await writeWith(
      () => new LaxMachine(),
      [enqueue('a'), enqueue('damaged'), enqueue('c')],
      [enqueue('d'), { type: 'ACK', id: 'd', at }, enqueue('e')],
    );
    const [segment = ''] = readdirSync(join(dir, 'wal'));
    const log = readFileSync(join(dir, 'wal', segment));
    log.write('D', log.indexOf('damaged'));
    writeFileSync(join(dir, 'wal', segment), log);
    const { code, stdout } = await walq(['wal', 'verify', dir, '--deep', '--json']);
    expect(code).toBe(3);
    const { findings, deep } = JSON.parse(stdout) as { findings: { code: string; seqFirst: number }[]; deep: unknown };
    // a and d were applied; c and e came with no state before them.
    expect(deep).toEqual({ applied: 2, leftOut: 0, stateless: 2, proved: [] });
    expect(findings.map(({ code, seqFirst }) => [code, seqFirst])).toEqual([
      ['E_PAYLOAD', 2],
      ['E_REPLAY', 5],
    ]);
    const text = (await walq(['wal', 'verify', dir, '--deep'])).stdout;
    expect(text).toContain(
      'deep: 2 events replayed by the rules of the queue (2 could not be: nothing gives the state',
    );
  });

  it('wants a whole store', async () => {
    const { code, stderr } = await walq(['wal', 'verify', join(fixtures, 'clean', 'wal'), '--deep']);
    expect(code).toBe(2);
    expect(stderr).toContain('--deep replays a store');
  });
});

describe('wal state-hash', () => {
  it('is the hash that a snapshot of that point carries, however the state is reached', async () => {
    const dir = join(fixtures, 'clean');
    const list = JSON.parse((await walq(['snapshot', 'list', dir, '--json'])).stdout) as {
      snapshots: { seq: number; summary: { stateHash: string } }[];
    };
    expect(list.snapshots.length).toBe(2);
    for (const { seq, summary } of list.snapshots) {
      for (const snapshot of ['auto', 'none']) {
        const { code, stdout } = await walq(['wal', 'state-hash', dir, String(seq), '--snapshot', snapshot]);
        expect({ code, stdout }).toEqual({ code: 0, stdout: `${summary.stateHash}  seq ${seq}\n` });
      }
    }
  });

  it('of a damaged log is that of the part before the damage, and never exits with 0', async () => {
    const { code, stdout, stderr } = await walq([
      'wal',
      'state-hash',
      join(fixtures, 'missing-segment'),
      '--snapshot',
      'none',
      '--json',
    ]);
    expect({ code, stderr }).toEqual({ code: 3, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({ seq: 13, verdict: 'corrupt', exit: 3 });
  });
});

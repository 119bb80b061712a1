import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { systemClock, systemRandom } from '../../src/base/node-clock.ts';
import type { CommandContext } from '../../src/commands/context.ts';
import { fillNewStore } from '../../src/commands/import-place.ts';
import { nodeFs } from '../../src/fs/node-fs.ts';
import type { StorageEnv } from '../../src/storage/types.ts';
import { simEnv } from '../support/env.ts';
import { crashStates } from '../support/sim-crash.ts';
import { firstMs, makeStore, raftLine } from './make-store.ts';
import { folderForAll, scratch, walq } from './run-walq.ts';

const whole = join(folderForAll(), 'whole');

beforeAll(async () => {
  await makeStore(whole, 1);
});

/** All that making a store needs of the outside world. */
const contextOf = (env: StorageEnv) => ({ env }) as Partial<CommandContext> as CommandContext;

/** The state as the document writes it. */
async function state(store: string): Promise<{ Jobs: Record<string, { Status: string }> }> {
  return JSON.parse((await walq(['wal', 'replay', store, '-o', 'document'])).stdout);
}

describe('wal import', () => {
  function raftFiles(): { log: string; dir: string } {
    const dir = scratch();
    const log = join(dir, 'wal.log');
    const lines = [
      raftLine(1, 'ENQUEUE', 'a'),
      raftLine(2, 'DISPATCH', 'a'),
      raftLine(3, 'ACK', 'a'),
      raftLine(4, 'ENQUEUE', ''),
    ];
    writeFileSync(log, lines.join(''));
    return { log, dir: join(dir, 'store') };
  }

  it('makes a store of a log: renumbered, old numbers kept, missing payloads named', async () => {
    const { log, dir } = raftFiles();
    const { code, stdout } = await walq(['wal', 'import', '--from', log, '--store', dir]);
    expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringContaining('2 jobs without a payload') });
    expect(stdout).toContain('1 job under a new id');
    expect((await walq(['wal', 'inspect', dir])).stdout.split('\n').slice(0, 3)).toEqual([
      '[seq=1] ENQUEUE a  from=1',
      '[seq=2] DISPATCH a  attempt=1 from=2',
      '[seq=3] ACK a  from=3',
    ]);
    expect((await walq(['wal', 'verify', dir])).code).toBe(0);
    expect(Object.values((await state(dir)).Jobs).map((job) => job.Status)).toEqual(['completed', 'pending']);
  });

  it('takes a snapshot as the base and leaves out what it covers', async () => {
    const dir = scratch();
    const snapshot = join(dir, 'snapshot.json');
    const job = (id: string, status: string) =>
      `"${id}":{"id":"${id}","payload":{"x":1.50},"status":"${status}","attempt":0,"timeout":1000000000,"created_at":${firstMs},"updated_at":${firstMs}}`;
    writeFileSync(
      snapshot,
      `{"jobs":{${job('a', 'completed')},${job('b', 'in_flight')}},"schema_ver":1,"last_seq":4}\n`,
    );
    const old = join(dir, 'wal.log.20260901_030000');
    const live = join(dir, 'wal.log');
    const events: [string, string][] = [
      ['ENQUEUE', 'a'],
      ['DISPATCH', 'a'],
      ['ACK', 'a'],
      ['ENQUEUE', 'b'],
      ['DISPATCH', 'b'],
    ];
    writeFileSync(old, events.map(([type, id], at) => raftLine(at + 1, type, id)).join(''));
    writeFileSync(live, raftLine(1, 'ACK', 'b') + raftLine(2, 'ENQUEUE', 'c'));
    const store = join(dir, 'store');
    const ran = await walq(['wal', 'import', '--from', old, live, '--snapshot', snapshot, '--store', store, '--json']);
    expect(JSON.parse(ran.stdout)).toMatchObject({
      baseSeq: 2,
      seqLast: 5,
      withoutPayload: ['c'],
      files: [
        { events: 1, covered: 4 },
        { events: 2, covered: 0 },
      ],
    });
    const { Jobs } = await state(store);
    expect(Jobs).toEqual({
      a: { Status: 'completed', Payload: { x: 1.5 } },
      b: { Status: 'completed', Payload: { x: 1.5 } },
      c: { Status: 'pending' },
    });
    expect((await walq(['wal', 'replay', store, '-o', 'document'])).stdout).toContain('"Payload":{"x":1.50}');
    expect((await walq(['wal', 'inspect', store, '1'])).code).toBe(2);
  });

  it('reports damage in the sources with 3 and keeps what is sound', async () => {
    const { log, dir } = raftFiles();
    writeFileSync(
      log,
      raftLine(1, 'ENQUEUE', 'a') + raftLine(2, 'ENQUEUE', 'b').replace('"b"', '"x"') + raftLine(3, 'ENQUEUE', 'c'),
    );
    const { code, stderr } = await walq(['wal', 'import', '--from', log, '--store', dir]);
    expect({ code, stderr }).toMatchObject({ code: 3, stderr: expect.stringContaining('E_LOG_CHECKSUM') });
    expect(Object.keys((await state(dir)).Jobs)).toEqual(['a', 'c']);
  });

  it('takes its name when it is complete; what an unfinished import left is in the way', async () => {
    const { log, dir } = raftFiles();
    mkdirSync(`${dir}.importing`);
    writeFileSync(join(`${dir}.importing`, 'HEAD'), '');
    const refused = await walq(['wal', 'import', '--from', log, '--store', dir]);
    expect(refused).toMatchObject({ code: 7, stderr: expect.stringContaining('E_IMPORT_LEFT') });
    rmSync(`${dir}.importing`, { recursive: true });
    const context = contextOf({ fs: nodeFs, clock: systemClock, random: systemRandom });
    const fill = () => Promise.reject(new Error('the end'));
    await expect(fillNewStore(context, dir, {}, fill)).rejects.toThrow('the end');
    expect([existsSync(dir), existsSync(`${dir}.importing`)]).toEqual([false, true]);
  });

  it('keeps the name it took when the power goes', async () => {
    const env = simEnv();
    await fillNewStore(contextOf(env), '/store', {}, () => Promise.resolve());
    const states = [...crashStates(env.fs)];
    expect(states.map(({ label }) => label)).toContain('kill');
    expect(states.length).toBeGreaterThan(1);
    for (const { fs, label } of states) {
      expect(await fs.readdir('/'), label).toEqual(['store']);
      expect(await fs.readdir('/store'), label).toEqual(await env.fs.readdir('/store'));
    }
  });

  it('makes no store when it cannot: a used folder, a bad snapshot, the wrong files, one twice, none', async () => {
    const { log, dir } = raftFiles();
    const bad = join(scratch(), 'bad.json');
    writeFileSync(bad, '{"jobs":{"a":{"id":"a","payl');
    expect((await walq(['wal', 'import', '--from', log, '--store', whole])).code).toBe(7);
    expect((await walq(['wal', 'import', '--from', log, '--snapshot', bad, '--store', dir])).code).toBe(3);
    expect((await walq(['wal', 'import', '--from', whole, '--store', dir])).code).toBe(2);
    expect((await walq(['wal', 'import', '--from', log])).code).toBe(2);
    expect((await walq(['wal', 'import', '--from', log, log, '--store', dir])).code).toBe(2);
    expect((await walq(['wal', 'import', '--store', dir])).code).toBe(2);
    expect((await walq(['wal', 'import', '--from', 'nothing', '--store', dir])).code).toBe(1);
    expect(existsSync(dir)).toBe(false);
  });
});

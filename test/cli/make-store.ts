import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { systemClock, systemRandom } from '../../src/base/node-clock.ts';
import { nodeFs } from '../../src/fs/node-fs.ts';
import { enqueueDefaults, type QueueEvent } from '../../src/queue/events/event-types.ts';
import { encodeEvent } from '../../src/queue/events/events.ts';
import { QueueMachine } from '../../src/queue/state/machine.ts';
import { openStore, type Store } from '../../src/storage/store.ts';
import { packed } from '../../src/storage/wal/records.ts';

const env = { fs: nodeFs, clock: systemClock, random: systemRandom };

/** Time of the first event of every store made here; each event is one second later. */
export const firstMs = Date.UTC(2026, 8, 1, 3);

export function open(dir: string, segmentBytes?: number): Promise<Store<QueueMachine>> {
  const machine = () => new QueueMachine();
  return openStore(env, dir, { machine, create: true, ...(segmentBytes === undefined ? {} : { segmentBytes }) });
}

export interface MakeOptions {
  segmentBytes?: number;
  /** Write a snapshot after the job with this number, and another at the end. */
  snapshotAfter?: number;
  /** Leave no CLOSE and no HEAD behind, as a crash can. */
  crashed?: boolean;
}

/** Three events a job, each in a frame of its own: job n has seqs 3n-2 (ENQUEUE), 3n-1 (DISPATCH), 3n (ACK). */
export async function makeStore(dir: string, jobs: number, options: MakeOptions = {}): Promise<void> {
  const store = await open(dir, options.segmentBytes);
  for (let at = 1; at <= jobs; at++) {
    for (const event of eventsOf(at, store.epoch)) await store.append(packed([encodeEvent(event)]));
    if (at === options.snapshotAfter) await store.checkpoint({ clean: false });
  }
  if (options.snapshotAfter !== undefined) await store.checkpoint({ clean: false });
  await store.close();
}

function eventsOf(job: number, epoch: number): QueueEvent[] {
  const id = `job_${job}`;
  const at = firstMs + (job - 1) * 3000;
  const payload = Buffer.from(`{"n":${job},"big":9007199254740993}`);
  return [
    { type: 'ENQUEUE', id, at, ...enqueueDefaults, name: 'mail', runAt: at, payload },
    { type: 'DISPATCH', id, at: at + 1000, attempt: 1, owner: { kind: 'runner', epoch } },
    { type: 'ACK', id, at: at + 2000, durationMs: 5 },
  ];
}

export function segments(dir: string): string[] {
  return readdirSync(join(dir, 'wal')).map((name) => join(dir, 'wal', name));
}

/** Changes one byte. */
export function damage(path: string, offset: number): void {
  const bytes = readFileSync(path);
  bytes[offset] = (bytes[offset] ?? 0) ^ 0xff;
  writeFileSync(path, bytes);
}

/** Every file below a folder, with its bytes: to prove that nothing was changed. */
export function contents(dir: string): Record<string, string> {
  const files = readdirSync(dir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    files.map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return [path.slice(dir.length), readFileSync(path, 'hex')];
    }),
  );
}

/** A line as raft-recovery writes it. */
export function raftLine(seq: number, type: string, id: string, ms = firstMs): string {
  const rune = seq > 0x10ffff || (seq >= 0xd800 && seq <= 0xdfff) ? 0xfffd : seq;
  const checksum = crc32(type + id + String.fromCodePoint(rune));
  return `{"seq":${seq},"type":"${type}","job_id":"${id}","timestamp":${ms},"checksum":${checksum}}\n`;
}

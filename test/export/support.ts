import { type ExportResult, exportLog } from '../../src/commands/export.ts';
import { ExportText } from '../../src/commands/export-text.ts';
import { importLogs } from '../../src/commands/import.ts';
import type { ImportResult } from '../../src/commands/import-types.ts';
import { parseRange } from '../../src/commands/selector.ts';
import { QueueMachine } from '../../src/queue/state/machine.ts';
import { scanStore } from '../../src/storage/read.ts';
import { replayTo } from '../../src/storage/replay.ts';
import { hashEntries } from '../../src/storage/snapshot/hash.ts';
import { openStore } from '../../src/storage/store.ts';
import type { StorageEnv } from '../../src/storage/types.ts';
import { packed } from '../../src/storage/wal/records.ts';
import { contextIn } from '../support/command-context.ts';
import type { SimEnv } from '../support/env.ts';
import { putFile } from '../support/sim-edit.ts';

/** Exports and imports on a simulated disk. */

export const source = '/source';
export const copy = '/copy';
const textFile = '/text.ndjson';

export async function exported(
  env: StorageEnv,
  path: string,
  range?: string,
): Promise<{ text: string; result: ExportResult }> {
  let text = '';
  const sink = new ExportText((line) => {
    text += `${line}\n`;
    return undefined;
  });
  const request = { path, range: range === undefined ? undefined : parseRange(range) };
  const result = await exportLog(contextIn(env), request, sink);
  return { text, result };
}

export async function imported(env: SimEnv, text: string | Uint8Array, store = copy): Promise<ImportResult> {
  putFile(env.fs, textFile, Buffer.from(text));
  return await importLogs(contextIn(env), { from: [textFile], store });
}

/** What a store holds: every record with its seq and the place where its write begins, lost seqs, and the state. */
export async function contentOf(env: StorageEnv, path: string): Promise<{ log: string[]; state: string; seq: number }> {
  const log: string[] = [];
  await scanStore(env, path, {
    frame: ({ type, seqFirst, count, payload }) => {
      if (type === 'data') log.push(`write of ${count} at ${seqFirst}`);
      if (type === 'lost') log.push(`lost ${count} at ${seqFirst}: ${Buffer.from(payload).toString('hex')}`);
      return undefined;
    },
    record: ({ seq, bytes }) => {
      log.push(`${seq} ${Buffer.from(bytes).toString('hex')}`);
      return undefined;
    },
  });
  const { machine, seq } = await replayTo(env, path, () => new QueueMachine());
  return { log, state: hashEntries(machine.cut()), seq };
}

export interface Plan {
  segmentBytes: number;
  /** After so many writes a snapshot; cleaned behind it or not. */
  snapshots: readonly { after: number; clean: boolean }[];
}

/** A store of these writes. */
export async function storeOf(
  env: StorageEnv,
  writes: readonly (readonly Uint8Array[])[],
  { segmentBytes, snapshots }: Plan,
): Promise<void> {
  const machine = () => new QueueMachine();
  const store = await openStore(env, source, { machine, create: true, segmentBytes, keepSnapshots: 1 });
  for (const [at, records] of writes.entries()) {
    await store.append(packed(records.map((record) => Uint8Array.from(record))));
    for (const { after, clean } of snapshots) if (after === at + 1) await store.checkpoint({ clean });
  }
  await store.close();
}

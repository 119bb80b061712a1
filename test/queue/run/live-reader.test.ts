import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { systemClock, systemRandom } from '../../../src/base/node-clock.ts';
import { nodeFs } from '../../../src/fs/node-fs.ts';
import { QueueMachine } from '../../../src/queue/state/machine.ts';
import { verifyStore } from '../../../src/storage/read.ts';
import { replayTo } from '../../../src/storage/replay.ts';
import { binary, scratch } from '../../cli/run-walq.ts';

const env = { fs: nodeFs, clock: systemClock, random: systemRandom };
const roundsMax = 2000;
/** Looks to take after the writer has begun to clean. */
const cleanedMin = 40;

test('verify and replay beside a writer that rotates, snapshots and cleans raise no false alarm', async () => {
  const store = `${scratch()}/store`;
  const args = [binary, 'demo', '--load', store, '--jobs', '10000000', '--snapshot-every', '1500'];
  // It lives as long as its standard input.
  const writer = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(writer, 'close');
  onTestFinished(async () => {
    writer.kill('SIGKILL');
    await ended;
  });
  const answered = readings(writer.stdout);
  await once(writer.stdout, 'data');
  let cleaned = 0;
  for (let round = 0; round < roundsMax && cleaned < cleanedMin; round++) {
    const before = answered();
    const report = await verifyStore(env, store);
    const alarms = report.findings.filter((finding) => finding.severity !== 'note');
    expect(alarms, `round ${round}`).toEqual([]);
    expect(['clean', 'padded']).toContain(report.verdict);
    if ((report.segments[0]?.ordinal ?? 1) > 1) cleaned++;
    const { machine, findings } = await replayTo(env, store, () => new QueueMachine());
    expect(findings.filter((finding) => finding.severity !== 'note')).toEqual([]);
    expect(machine.totals.enqueued, 'what was answered before the look is seen').toBeGreaterThanOrEqual(before);
  }
  expect(writer.exitCode, 'the writer was never disturbed').toBeNull();
  expect(cleaned, 'the writer cleaned its log meanwhile').toBe(cleanedMin);
});

function readings(stream: NodeJS.ReadableStream): () => number {
  let last = 0;
  stream.on('data', (chunk: Buffer) => {
    last = Number(chunk.toString().trimEnd().split('\n').at(-1)) || last;
  });
  return () => last;
}

#!/usr/bin/env bash
# types.sh INSTALLED: a strict TypeScript program that uses the installed package compiles, its declarations checked too.
set -euo pipefail
project=$(cd "$(dirname "$0")/../.." && pwd)
cd "$1"
cat >consumer.ts <<'TS'
import {
  type CheckpointResult,
  type EnqueueAnswer,
  type Finding,
  type InFlightJob,
  type Job,
  type JobSpec,
  type OpenQueueOptions,
  openQueue,
  payloadText,
  type Queue,
  type QueueStatus,
  resultText,
  type StorageEnv,
  WalqError,
} from 'walq';

const options: OpenQueueOptions = { create: true, keepSnapshots: 3 };
export const withClock = (env: StorageEnv, now: () => number): StorageEnv => ({ ...env, clock: { ...env.clock, now } });

export async function work(dir: string): Promise<string[]> {
  const queue: Queue = await openQueue(dir, options);
  try {
    const spec: JobSpec = { name: 'mail', payload: '{"to":"ada"}' };
    const answer: EnqueueAnswer = await queue.enqueue(spec);
    const job: InFlightJob | undefined = await queue.engine.dispatch();
    if (job !== undefined) await queue.engine.ack(job, { result: '{}' });
    const status: QueueStatus = queue.status();
    const kept: Job | undefined = queue.get(answer.id);
    const findings: readonly Finding[] = queue.recovery.findings;
    const checkpoint: CheckpointResult = await queue.checkpoint();
    const texts = kept?.state === 'completed' ? [payloadText(kept), resultText(kept)] : [];
    return [checkpoint.snapshot.file, String(status.seqLast), ...findings.map((each) => each.code), ...texts.map(String)];
  } catch (error) {
    if (error instanceof WalqError && error.exit === 6) return [error.code];
    throw error;
  } finally {
    await queue.close();
  }
}
TS
# What every TypeScript user of Node has installed.
mkdir -p node_modules/@types
cp -r "$project/node_modules/@types/node" node_modules/@types/
cp -r "$project/node_modules/undici-types" node_modules/
"$project/node_modules/.bin/tsc" --noEmit --strict --skipLibCheck false --target es2023 --module nodenext --types node consumer.ts
echo "types: as expected"

#!/usr/bin/env bash
# types.sh INSTALLED: a strict TypeScript program that uses the installed package compiles, its declarations checked too, and so does
# what the page about the library shows.
set -euo pipefail
project=$(cd "$(dirname "$0")/../.." && pwd)
cd "$1"
cat >consumer.ts <<'TS'
import {
  type CheckpointResult,
  DeadError,
  type EnqueueAnswer,
  type Finding,
  type JobInfo,
  type LogEvent,
  type NewJob,
  type OpenQueueOptions,
  openQueue,
  type Queue,
  type QueueStatus,
  rawJson,
  type StorageEnv,
  WalqError,
  type Worker,
} from 'walq';

interface Jobs {
  mail: { to: string };
  count: number;
  tick: undefined;
}

const options: OpenQueueOptions = { create: true, keepSnapshots: 3 };
export const withClock = (env: StorageEnv, now: () => number): StorageEnv => ({ ...env, clock: { ...env.clock, now } });

export async function work(dir: string): Promise<string[]> {
  const queue: Queue<Jobs> = await openQueue<Jobs>(dir, options);
  try {
    const answer: EnqueueAnswer = await queue.enqueue('mail', { to: 'ada' }, { delay: '5m', after: ['x'] });
    await queue.enqueue('count', rawJson('9007199254740993'));
    await queue.enqueue('tick');
    // @ts-expect-error a payload of another shape
    await queue.enqueue('mail', { too: 'ada' });
    // @ts-expect-error this name has a payload
    await queue.enqueue('mail');
    // @ts-expect-error no such name
    await queue.enqueue('male', { to: 'ada' });
    const more: NewJob<Jobs>[] = [{ name: 'count', payload: 7, priority: 1 }];
    const { enqueued }: { enqueued: number } = await queue.enqueueMany(more);
    await queue.enqueueMany([{ name: 'tick' }, { name: 'count', payload: rawJson('7') }]);
    // @ts-expect-error this name has a payload
    await queue.enqueueMany([{ name: 'mail' }]);
    await queue.schedule('tick', { every: '1m', job: { name: 'tick' } });
    // @ts-expect-error this name has a payload
    await queue.schedule('mail', { every: '1m', job: { name: 'mail' } });
    for (const job of queue.list()) if (job.name === 'mail') console.log(job.payload?.to);
    for (const job of await queue.take({ names: ['mail', 'count'] })) {
      if (job.name === 'mail') console.log(job.payload?.to);
      else console.log(job.payload?.toFixed());
    }
    // @ts-expect-error no such name
    await queue.take({ names: ['male'] });
    queue.work((job) => (job.name === 'mail' ? job.payload.to : job.id));
    // @ts-expect-error no such name
    queue.work({ male: () => 1 });
    const worker: Worker = queue.work({
      mail: async ({ payload }, { signal, extend }) => {
        extend('1m');
        if (payload.to === '' || signal.aborted) throw new DeadError('nobody');
        return payload.to.length;
      },
      count: ({ payload }) => payload + 1,
    });
    await worker.stop();
    const [taken] = await queue.take({ names: ['mail'] });
    const to: string | undefined = taken?.payload?.to;
    const one: JobInfo<Jobs> = await queue.waitFor(answer.id, { timeout: '1m', signal: AbortSignal.timeout(5) });
    const several: JobInfo<Jobs>[] = await queue.waitFor([one.id]);
    // @ts-expect-error no such option
    await queue.waitFor(answer.id, { timeoutMs: 5 });
    const status: QueueStatus = queue.status();
    const kept: JobInfo<Jobs> | undefined = queue.get(answer.id);
    const findings: readonly Finding[] = queue.recovery.findings;
    const checkpoint: CheckpointResult = await queue.snapshot();
    const texts: string[] = [];
    for await (const event of queue.events({ from: 1 })) {
      const { seq, type }: LogEvent = event;
      texts.push(`${seq} ${type}`);
      if (event.type === 'ACK') texts.push(event.result ?? '');
    }
    return [checkpoint.snapshot.file, String(status.seqLast + enqueued), ...findings.map(({ code }) => code), ...texts, `${to}${kept?.name}${several.length}`];
  } catch (error) {
    if (error instanceof WalqError && error.exit === 6) return [error.code];
    if (error instanceof WalqError && error.code === 'E_NO_STORE') return [];
    // @ts-expect-error no such code
    if (error instanceof WalqError && error.code === 'E_NOSTORE') return [];
    throw error;
  } finally {
    await queue.close();
  }
}
TS
awk '/^```ts$/ { inside = 1; next } /^```$/ { inside = 0 } inside' "$project/docs/library.md" >shown.mts
grep -q openQueue shown.mts
# A program in CommonJS.
cat >required.cts <<'TS'
import { openQueue, type Queue } from 'walq';

export async function open(dir: string): Promise<Queue> {
  return await openQueue(dir);
}
TS
# What every TypeScript user of Node has installed.
mkdir -p node_modules/@types
cp -r "$project/node_modules/@types/node" node_modules/@types/
cp -r "$project/node_modules/undici-types" node_modules/
tsc() {
  "$project/node_modules/.bin/tsc" --noEmit --strict --skipLibCheck false --target es2023 --lib es2023,esnext.disposable --types node "$@"
}
tsc --module nodenext consumer.ts shown.mts required.cts
tsc --module esnext --moduleResolution bundler consumer.ts shown.mts
# What TypeScript before 6 does for programs in CommonJS, unless told otherwise: it does not look at `exports`.
tsc --module commonjs --moduleResolution node10 --ignoreDeprecations 6.0 required.cts
echo "types: as expected"

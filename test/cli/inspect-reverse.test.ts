import { expect, test } from 'vitest';
import { scratch, walq } from './run-walq.ts';

test('a log of several megabytes says the same backward as forward', async () => {
  const store = `${scratch()}/store`;
  const jobs = Array.from(
    { length: 30_000 },
    (_, n) => `{"id":"job-${n}","name":"n${n}","payload":{"text":"${'x'.repeat(n % 97)} ${n}"}}\n`,
  );
  const made = await walq(['--store', store, 'queue', 'enqueue', '-q', '-f', '-'], { input: jobs.join('') });
  expect(made.code, made.stderr).toBe(0);
  const forward = (await walq(['wal', 'inspect', store])).stdout.trimEnd().split('\n');
  const backward = (await walq(['wal', 'inspect', store, '-r'])).stdout.trimEnd().split('\n');
  expect(forward).toHaveLength(30_000);
  expect(backward.reverse()).toEqual(forward);
});

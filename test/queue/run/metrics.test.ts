import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect, createServer } from 'node:net';
import { expect, test } from 'vitest';
import { scratch, walq } from '../../cli/run-walq.ts';
import { type ReadMetric, readMetrics, sampleOf } from '../support/prometheus.ts';
import { type LiveRunner, startRunner } from './queue-cli.ts';

/** Metrics of real runners, fetched as Prometheus would. */

async function addressOf(runner: LiveRunner): Promise<URL> {
  await runner.says('ready,');
  const url = /metrics at (http:\S+)/.exec(runner.stderr())?.[1];
  if (url === undefined) throw new Error(`no address: ${runner.stderr()}`);
  return new URL(url);
}

async function scrape(url: URL): Promise<Map<string, ReadMetric>> {
  const response = await fetch(url);
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  return readMetrics(await response.text());
}

/** Fetch keeps a connection open, which a stopping runner ends at once; so does this, and says the status. */
function statusOf(url: URL, method: string, path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: url.hostname, port: url.port, method, path }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    sent.on('error', reject);
    sent.end();
  });
}

/** A store with a job that ends when `go` is called, one that fails, and one that is not due. */
async function storeWithJobs(dir: string): Promise<{ store: string; exec: string; go(): void }> {
  const store = `${dir}/store`;
  writeFileSync(`${dir}/jobs`, '{"id":"first"}\n{"id":"bad","name":"bad","attempts":1}\n{"id":"last","delay":"1h"}\n');
  const made = await walq(['--store', store, 'queue', 'enqueue', '-f', `${dir}/jobs`]);
  expect(made.code, made.stderr).toBe(0);
  const exec = `[ $WALQ_JOB_NAME = bad ] && exit 1; while [ ! -e ${dir}/go ]; do sleep 0.05; done`;
  return { store, exec, go: () => writeFileSync(`${dir}/go`, '') };
}

async function until(url: URL, name: string, value: number): Promise<Map<string, ReadMetric>> {
  for (let look = 0; look < 400; look++) {
    const metrics = await scrape(url);
    if (sampleOf(metrics, name) === value) return metrics;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`${name} never became ${value}`);
}

test('a scrape shows jobs while they run and after, and the totals of a runner before', async () => {
  const dir = scratch();
  const { store, exec, go } = await storeWithJobs(dir);
  const runner = startRunner(store, ['-j', '2', '--exec', exec, '--metrics-port', '0']);
  const url = await addressOf(runner);
  expect(url.hostname).toBe('127.0.0.1');
  const during = await until(url, 'queue_jobs_dead_total', 1);
  expect(sampleOf(during, 'queue_jobs_in_flight')).toBe(1);
  expect(sampleOf(during, 'queue_jobs_pending')).toBe(1);
  expect(sampleOf(during, 'queue_runner_up')).toBe(1);
  expect(sampleOf(during, 'queue_runner_running')).toBe(1);
  expect(sampleOf(during, 'queue_jobs', { state: 'pending', phase: 'delayed' })).toBe(1);
  go();
  const after = await until(url, 'queue_jobs_completed_total', 1);
  expect(sampleOf(after, 'queue_jobs_enqueued_total')).toBe(3);
  expect(sampleOf(after, 'queue_jobs_failed_total')).toBe(1);
  expect(sampleOf(after, 'queue_job_latency_seconds_count')).toBe(2);
  expect(sampleOf(after, 'queue_job_run_seconds_count')).toBe(2);
  expect(sampleOf(after, 'queue_wal_fsync_seconds_count')).toBeGreaterThan(0);
  await runner.kill('SIGKILL');

  const second = startRunner(store, ['--exec', 'true', '--metrics', '127.0.0.1:0']);
  const again = await scrape(await addressOf(second));
  expect(sampleOf(again, 'queue_jobs_enqueued_total')).toBe(3);
  expect(sampleOf(again, 'queue_jobs_completed_total')).toBe(1);
  expect(sampleOf(again, 'queue_jobs_dead_total')).toBe(1);
  expect(sampleOf(again, 'queue_recovery_time_seconds')).toBeGreaterThan(0);
}, 60_000);

test('only GET of two paths is answered, whatever else comes hurts nobody, and all ends with the runner', async () => {
  const store = `${scratch()}/store`;
  const runner = startRunner(store, ['--exec', 'true', '--metrics-port', '0']);
  const url = await addressOf(runner);
  expect(await statusOf(url, 'GET', '/healthz')).toBe(200);
  expect(await statusOf(url, 'GET', '/metrics?x=1')).toBe(200);
  for (const method of ['POST', 'PUT', 'DELETE', 'HEAD', 'OPTIONS']) {
    expect([method, await statusOf(url, method, '/metrics')]).toEqual([method, 405]);
  }
  expect(await statusOf(url, 'GET', '/')).toBe(404);
  expect(await statusOf(url, 'GET', '/metrics/../../etc/passwd')).toBe(404);
  const rude = connect(Number(url.port), url.hostname);
  rude.on('error', () => undefined).resume();
  rude.end('\0\x01GET nothing\r\n\r\n');
  await once(rude, 'close');
  const silent = connect(Number(url.port), url.hostname);
  silent.on('error', () => undefined);
  await once(silent, 'connect');
  expect((await scrape(url)).size).toBeGreaterThan(20);
  runner.child.kill('SIGTERM');
  expect(await runner.ended).toEqual({ code: 0, signal: null });
  await expect(fetch(url)).rejects.toThrow();
}, 60_000);

test('an address that cannot be used is told before any job begins, and the store stays free', async () => {
  const dir = scratch();
  const { store } = await storeWithJobs(dir);
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const address = other.address();
  const port = typeof address === 'object' ? address?.port : 0;
  const run = ['--store', store, 'queue', 'run', '--exec', `touch ${dir}/ran`, '--drain'];
  const ran = await walq([...run, '--metrics-port', `${port}`]);
  other.close();
  expect(ran.code).toBe(74);
  expect(ran.stderr).toContain(`cannot listen on 127.0.0.1:${port} for metrics: another program listens there`);
  expect(ran.stderr).toContain('E_METRICS_BIND');
  const log = await walq(['--store', store, 'wal', 'inspect']);
  expect(log.stdout).not.toContain('DISPATCH');
  const after = await walq(['--store', store, 'queue', 'enqueue', 'x', '--lock-timeout', '0s']);
  expect(after.code, after.stderr).toBe(0);
}, 60_000);

test.each([
  [['--metrics', '9090'], 'HOST:PORT'],
  [['--metrics', 'localhost:99999'], 'no port'],
  [['--metrics-port', '-1'], 'no port'],
  [['--metrics-port', '1', '--metrics', ':2'], 'exclude each other'],
])('%j is a usage error', async (flags, why) => {
  const ran = await walq(['--store', `${scratch()}/store`, 'queue', 'run', '--exec', 'true', ...flags]);
  expect(ran.code).toBe(2);
  expect(ran.stderr).toContain(why);
});

test('docs/metrics.md has exactly the metrics that there are, with their types and meanings', async () => {
  const store = `${scratch()}/store`;
  const runner = startRunner(store, ['--exec', 'true', '--metrics-port', '0']);
  const exposed = await scrape(await addressOf(runner));
  const document = readFileSync(new URL('../../../docs/metrics.md', import.meta.url), 'utf8');
  const rows = [...document.matchAll(/^\| `([a-z_]+)` +\| ([a-z]+) +\| (.+?) +\|$/gm)].map((row) => row.slice(1, 4));
  const meanings = [...exposed].map(([name, { type, help }]) => [name, type, help]);
  expect(rows.sort()).toEqual(meanings.sort());
});

import { mkdirSync } from 'node:fs';
import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { startServer, versionOfCommand } from './server.js';
import { versionOf } from './version.js';

const command = 'redis-server';
const name = 'bench';

export const variants = [
  {
    name: 'redis + bullmq',
    version: `${versionOfCommand(command, ['--version'])} + ${versionOf('bullmq')}`,
    durability: 'on disk: `appendonly yes`, `appendfsync always`, one fsync for the commands of one turn of the server',
    open: openQueue,
  },
];

async function openQueue(dir) {
  mkdirSync(dir, { recursive: true });
  const argsFor = (port) => [
    ...['--port', String(port), '--bind', '127.0.0.1', '--dir', dir, '--save', ''],
    ...['--appendonly', 'yes', '--appendfsync', 'always', '--auto-aof-rewrite-percentage', '0'],
  ];
  const server = await startServer(command, argsFor, `${dir}/server.log`);
  const connection = new Redis({ port: server.port, host: '127.0.0.1', maxRetriesPerRequest: null });
  const queue = new Queue(name, { connection });
  await queue.waitUntilReady();
  return {
    enqueue: (job) => queue.add('job', job),
    drain: (slots, done) => drain(queue, connection, slots, done),
    jobs: async () => (await queue.getJobs(['waiting', 'active', 'delayed', 'failed'])).map(({ data }) => data),
    async close() {
      await queue.close();
      connection.disconnect();
      await server.close();
    },
  };
}

/** Its own worker, until all that waited is completed. */
async function drain(queue, connection, slots, done) {
  let left = await queue.getWaitingCount();
  const worker = new Worker(name, async () => {}, { connection, concurrency: slots, autorun: false });
  await worker.waitUntilReady();
  await new Promise((resolve, reject) => {
    worker.on('error', reject);
    worker.on('completed', ({ data }) => {
      done(data);
      if (--left === 0) resolve();
    });
    worker.run().catch(reject);
  });
  // What it waits for with its own connection is never coming.
  await worker.close(true);
}

import { mkdirSync } from 'node:fs';
import { BeanstalkClient } from './beanstalk-client.js';
import { startServer, versionOfCommand } from './server.js';
import { drainBySlots } from './slots.js';

const command = 'beanstalkd';
/** Seconds that a taken job may take. */
const timeToRun = 600;

export const variants = [
  {
    name: command,
    version: versionOfCommand(command, ['-v']),
    durability:
      'on disk: `-f0`, an fsync for each `put` and each `delete` before its answer; a `reserve` is in memory only',
    open: openQueue,
  },
];

async function openQueue(dir, connections) {
  mkdirSync(dir, { recursive: true });
  const argsFor = (port) => ['-b', dir, '-f0', '-l', '127.0.0.1', '-p', String(port)];
  const server = await startServer(command, argsFor, `${dir}/server.log`);
  const clients = await Promise.all(Array.from({ length: connections }, () => BeanstalkClient.connect(server.port)));
  const take = async (slot) => {
    const { words, body } = await clients[slot].ask('reserve-with-timeout 0', ['RESERVED', 'TIMED_OUT']);
    return words[0] === 'TIMED_OUT' ? undefined : { id: words[1], job: JSON.parse(body) };
  };
  return {
    enqueue: (job, slot) => clients[slot].ask(`put 0 0 ${timeToRun}`, ['INSERTED'], JSON.stringify(job)),
    drain: (slots, done) =>
      drainBySlots(slots, { take, ack: ({ id }, slot) => clients[slot].ask(`delete ${id}`, ['DELETED']) }, done),
    async jobs() {
      const jobs = [];
      for (let held = await take(0); held !== undefined; held = await take(0)) jobs.push(held.job);
      return jobs;
    },
    async close() {
      for (const client of clients) client.close();
      await server.close();
    },
  };
}

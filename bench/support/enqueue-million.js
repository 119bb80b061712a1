// Fills a new store with jobs of exactly 100 bytes of payload, as a program does it with the library, and prints how
// many wait.
import { openQueue } from '../../dist/js/index.cjs';

const [dir, jobs] = process.argv.slice(2);
const payloadBytes = 100;
const step = 1000;

const queue = await openQueue(dir, { create: true });
for (let from = 0; from < Number(jobs); from += step) {
  await queue.enqueueMany(Array.from({ length: step }, (_, n) => ({ name: 'job', payload: payloadOf(from + n) })));
}
const { pending } = queue.counts();
console.log(JSON.stringify({ counts: { pending } }));
await queue.close();

function payloadOf(number) {
  const payload = { to: `user${number}@example.com`, template: 'welcome', locale: 'en', note: '' };
  return { ...payload, note: 'x'.repeat(payloadBytes - JSON.stringify(payload).length) };
}

import { open } from 'lmdb';
import { KeyValueQueue } from './key-value-queue.js';
import { versionOf } from './version.js';

const version = versionOf('lmdb');

/** What is written in one turn of the event loop is one transaction; so the promise of the last change stands for all. */
export const variants = [
  {
    name: 'lmdb',
    version,
    durability: 'on disk: `overlappingSync: false`, the promise of `put` comes after data and meta page are synced',
    open: (dir) => openQueue(dir, { overlappingSync: false }, (promise) => promise),
  },
  {
    name: 'lmdb, overlapping',
    version,
    durability: 'on disk: the default; `put` answers when others see it, so its promise `flushed` is waited for',
    open: (dir) => openQueue(dir, { separateFlushed: true }, (promise) => promise.flushed),
  },
];

async function openQueue(dir, options, durable) {
  const db = open({ path: dir, encoding: 'string', ...options });
  const write = (changes) => {
    let last;
    for (const [key, value] of changes) last = value === undefined ? db.remove(key) : db.put(key, value);
    return durable(last);
  };
  const entries = [...db.getRange()].map(({ key, value }) => [key, value]);
  return Object.assign(new KeyValueQueue(entries, write), { close: () => db.close() });
}

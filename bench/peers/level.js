import { ClassicLevel } from 'classic-level';
import { KeyValueQueue } from './key-value-queue.js';
import { grouped } from './slots.js';
import { versionOf } from './version.js';

export const variants = [
  {
    name: 'classic-level',
    version: versionOf('classic-level'),
    durability: 'on disk: one batch with `sync: true` for all that wait',
    async open(dir) {
      const db = new ClassicLevel(dir);
      await db.open();
      const write = grouped((groups) => db.batch(groups.flat().map(toOperation), { sync: true }));
      const queue = new KeyValueQueue(await db.iterator().all(), write);
      return Object.assign(queue, { close: () => db.close() });
    },
  },
];

function toOperation([key, value]) {
  return value === undefined ? { type: 'del', key } : { type: 'put', key, value };
}

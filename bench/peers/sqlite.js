import { mkdirSync } from 'node:fs';
import Database from 'better-sqlite3';
import { drainBySlots, grouped } from './slots.js';
import { versionOf } from './version.js';

const version = versionOf('better-sqlite3');

export const variants = [
  {
    name: 'better-sqlite3 FULL',
    version,
    durability: 'on disk: WAL, `synchronous=FULL` syncs it at each commit; one transaction for all that wait',
    open: (dir) => openQueue(dir, 'FULL'),
  },
  {
    name: 'better-sqlite3 NORMAL',
    version,
    durability:
      '**not on disk**: WAL, `synchronous=NORMAL` syncs it at checkpoints only; power loss takes answered jobs',
    open: (dir) => openQueue(dir, 'NORMAL'),
  },
];

async function openQueue(dir, synchronous) {
  mkdirSync(dir, { recursive: true });
  const db = new Database(`${dir}/queue.db`);
  db.pragma('journal_mode = WAL');
  db.pragma(`synchronous = ${synchronous}`);
  db.exec(`
    CREATE TABLE IF NOT EXISTS jobs (id INTEGER PRIMARY KEY, payload TEXT NOT NULL, taken_at INTEGER);
    CREATE INDEX IF NOT EXISTS ready ON jobs (id) WHERE taken_at IS NULL;
  `);
  const insert = db.prepare('INSERT INTO jobs (payload) VALUES (?)');
  const claim = db.prepare(`
    UPDATE jobs SET taken_at = ?
    WHERE id = (SELECT id FROM jobs WHERE taken_at IS NULL ORDER BY id LIMIT 1) RETURNING id, payload
  `);
  const remove = db.prepare('DELETE FROM jobs WHERE id = ?');
  const commit = grouped(db.transaction((operations) => operations.map((operation) => operation())));
  const take = async () => {
    const row = await commit(() => claim.get(Date.now()));
    return row && { id: row.id, job: JSON.parse(row.payload) };
  };
  return {
    enqueue: (job) => commit(() => insert.run(JSON.stringify(job))),
    drain: (slots, done) => drainBySlots(slots, { take, ack: ({ id }) => commit(() => remove.run(id)) }, done),
    jobs: () => db.prepare('SELECT payload FROM jobs').pluck().all().map(JSON.parse),
    close: async () => db.close(),
  };
}

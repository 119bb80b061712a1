/**
 * What walq is measured beside. A driver is a module with `variants`, each:
 *
 *     { name, version, durability, open(dir, connections) -> queue }
 *
 * and a queue does, with plain objects for jobs:
 *
 *     enqueue(job, slot)      resolves when the peer says that it is done; `slot` < connections
 *     drain(slots, done)      takes and acknowledges all, so many at a time; `done(job)` after each
 *     jobs()                  all that are there
 *     close()                 servers are killed, not asked
 */
const drivers = [
  { names: ['classic-level'], load: () => import('./level.js') },
  { names: ['lmdb', 'lmdb, overlapping'], load: () => import('./lmdb.js') },
  { names: ['better-sqlite3 FULL', 'better-sqlite3 NORMAL'], load: () => import('./sqlite.js') },
  { names: ['beanstalkd'], load: () => import('./beanstalkd.js') },
  { names: ['redis + bullmq'], load: () => import('./bullmq.js') },
];

/** Variants that can be measured here, and why the others cannot. */
export async function loadPeers() {
  const present = [];
  const skipped = {};
  for (const { names, load } of drivers) {
    try {
      present.push(...(await load()).variants);
    } catch (error) {
      for (const name of names) skipped[name] = whyNot(error);
    }
  }
  return { present, skipped };
}

function whyNot(error) {
  const text = String(error.message).split('\n')[0];
  if (error.code === 'ERR_MODULE_NOT_FOUND') return 'not installed (npm run bench:peers)';
  return error.code === 'ENOENT' ? `${error.path} is not installed` : text;
}

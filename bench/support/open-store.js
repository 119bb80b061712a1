// Opens the store it is given for writing, as a process of its own, and prints what it found.
import { allLanes } from '../../build/queue/state/lane.js';
import { openStore } from '../../build/storage/store.js';
import { env } from './env.js';
import { machine, stateHash } from './queue-store.js';

const [dir, hashed] = process.argv.slice(2);
const started = performance.now();
const store = await openStore(env, dir, { machine });
// As whoever works on it: the index of what comes next is part of what is held.
const next = store.machine.ready.take(env.clock.now(), { lanes: allLanes })?.seq;
const ms = performance.now() - started;
const { counts, size } = store.machine;
console.log(
  JSON.stringify({
    ms,
    next,
    size,
    counts,
    replayed: store.recovery.replayed,
    ...(hashed && { hash: stateHash(store.machine) }),
  }),
);
await store.close();

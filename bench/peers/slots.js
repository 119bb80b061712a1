/** `slots` at once, each takes a job and acknowledges it until there is none. `take` answers `{ job, ... }`. */
export async function drainBySlots(slots, { take, ack }, done) {
  const work = async (slot) => {
    for (let held = await take(slot); held !== undefined; held = await take(slot)) {
      await ack(held, slot);
      done(held.job);
    }
  };
  await Promise.all(Array.from({ length: slots }, (_, slot) => work(slot)));
}

/**
 * Group commit for a library that has none: what is asked for while a commit runs, or in one turn of the event loop,
 * is handed to the next one. `commit(operations)` answers one result for each.
 */
export function grouped(commit) {
  let waiting = [];
  let running = false;
  const run = async () => {
    while (waiting.length > 0) {
      const group = waiting;
      waiting = [];
      try {
        const results = await commit(group.map(({ operation }) => operation));
        for (const [at, { done }] of group.entries()) done(results?.[at]);
      } catch (error) {
        for (const { fail } of group) fail(error);
      }
      await new Promise((next) => setImmediate(next));
    }
    running = false;
  };
  return (operation) =>
    new Promise((done, fail) => {
      waiting.push({ operation, done, fail });
      if (running) return;
      running = true;
      setImmediate(run);
    });
}

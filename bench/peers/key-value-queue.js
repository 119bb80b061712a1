import { drainBySlots } from './slots.js';

/**
 * The least that makes a queue of an ordered store: a key for each job, another one while somebody has it, and, as
 * walq does, the jobs that wait in memory too. `write(changes)` resolves when all of them, [key, value or undefined to
 * delete], are on disk. `entries`: what the store holds.
 */
export class KeyValueQueue {
  #write;
  #ready = [];
  #next = 0;
  #last = 0;

  constructor(entries, write) {
    this.#write = write;
    for (const [key, value] of entries) {
      if (!key.startsWith('job/')) continue;
      this.#last = Number(key.slice(4));
      this.#ready.push({ number: this.#last, job: JSON.parse(value) });
    }
  }

  async enqueue(job) {
    const number = ++this.#last;
    await this.#write([[jobKey(number), JSON.stringify(job)]]);
    this.#ready.push({ number, job });
  }

  drain(slots, done) {
    return drainBySlots(slots, { take: () => this.#take(), ack: (held) => this.#ack(held) }, done);
  }

  async #take() {
    const held = this.#ready[this.#next++];
    if (held !== undefined) await this.#write([[takenKey(held.number), '']]);
    return held;
  }

  #ack({ number }) {
    return this.#write([
      [jobKey(number), undefined],
      [takenKey(number), undefined],
    ]);
  }

  jobs() {
    return this.#ready.slice(this.#next).map(({ job }) => job);
  }
}

function jobKey(number) {
  return `job/${String(number).padStart(12, '0')}`;
}

function takenKey(number) {
  return `taken/${String(number).padStart(12, '0')}`;
}

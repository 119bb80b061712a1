import * as fs from 'node:fs';
import { join } from 'node:path';
import { inParallel } from './commit-rows.js';
import { mustEqual } from './measure.js';

/**
 * The least that a durable queue in JavaScript can do for a job, and nothing that makes it safe or useful: an id from a
 * counter, its bytes in a buffer, an entry in a Map, a promise. Jobs that come while the disk is busy share the next
 * write + fdatasync. What lies between this and the raw loop is the price of the language, not of walq.
 */
class PlainQueue {
  #fd;
  #buffer = Buffer.alloc(4 * 1024 * 1024);
  #used = 0;
  #waiting = [];
  #seq = 0;
  jobs = new Map();

  constructor(path) {
    this.#fd = fs.openSync(path, 'wx');
  }

  enqueue(payload) {
    const id = `00000000-0000-7000-8000-${String(++this.#seq).padStart(12, '0')}`;
    const job = { id, payload, seq: this.#seq, resolve: undefined };
    this.#used += this.#buffer.latin1Write(id, this.#used);
    this.#used += this.#buffer.utf8Write(payload, this.#used);
    if (this.#waiting.push(job) === 1) setImmediate(() => this.#commit());
    return new Promise((resolve) => {
      job.resolve = resolve;
    });
  }

  #commit() {
    fs.writeSync(this.#fd, this.#buffer, 0, this.#used);
    fs.fdatasyncSync(this.#fd);
    const done = this.#waiting;
    this.#waiting = [];
    this.#used = 0;
    for (const { id, payload, seq, resolve } of done) {
      this.jobs.set(id, { id, payload, seq });
      resolve({ id, status: 'enqueued', seq });
    }
  }

  close() {
    fs.closeSync(this.#fd);
  }
}

/** Milliseconds for these payloads, `writers` at once. */
export async function enqueuePlain(folder, payloads, writers) {
  const path = join(folder, 'plain');
  const queue = new PlainQueue(path);
  try {
    const { ms } = await inParallel(writers, payloads.length, (number) => queue.enqueue(payloads[number]));
    mustEqual(queue.jobs.size, payloads.length, 'jobs of the plain queue');
    return ms;
  } finally {
    queue.close();
    fs.unlinkSync(path);
  }
}

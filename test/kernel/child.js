import { readdirSync, writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { systemClock, systemRandom } from '../../build/base/node-clock.js';
import { placeNewStore } from '../../build/commands/import-place.js';
import { nodeFs } from '../../build/fs/node-fs.js';
import { backupStore } from '../../build/storage/backup.js';
import { compactStore } from '../../build/storage/compact.js';
import { applyRepair, planRepair } from '../../build/storage/repair.js';
import { undoRepair } from '../../build/storage/repair-undo.js';
import { restoreTo } from '../../build/storage/restore.js';
import { applyRestore, planRestore } from '../../build/storage/restore-in-place.js';
import { planSalvage } from '../../build/storage/salvage.js';
import { writeSalvage } from '../../build/storage/salvage-write.js';
import { openStore } from '../../build/storage/store.js';
import { packed } from '../../build/storage/wal/records.js';
import { takeAim } from './aim.js';

/**
 * A process under a kernel that fails it. For each line of its input it does one task (resident.ts). It writes a line
 * for each record before it asks for it (`ask SEQ`) and after the answer (`ack SEQ`), one for each kind of work begun
 * (`begin rotate`), one for each refusal (`no CODE`), and `idle PID` when it waits for a task. Plain JavaScript on the
 * built sources, so that it starts fast.
 */

let dir = '';
/** By this clock every sync is slow, so that all of them are made on the thread pool, and a run is like the next. */
let ms = 0;
const clock = { ...systemClock, monotonic: () => (ms += 5) };
const env = { fs: nodeFs, clock, random: systemRandom };
/** Straight to the pipe: what was written is there when the process is killed. */
const say = (line) => writeSync(1, `${line}\n`);

class List {
  items = [];
  apply(record) {
    this.items.push(Buffer.from(record).toString());
  }
  cut() {
    return this.items.map((item) => Buffer.from(item));
  }
  load(entry) {
    this.items.push(Buffer.from(entry).toString());
  }
}

/** A step that may be refused: the process goes on as one would that wants to live. */
async function step(name, run) {
  say(`begin ${name}`);
  try {
    return await run();
  } catch (error) {
    say(`no ${error.code ?? error}`);
    return undefined;
  }
}

const open = (name, segmentBytes = 4096) =>
  step(name, () => openStore(env, dir, { machine: () => new List(), create: true, segmentBytes, keepSnapshots: 1 }));

async function append(store, count, bytes) {
  const texts = Array.from({ length: count }, (_, index) => `${store.seqLast + 1 + index} ${'x'.repeat(bytes)}`);
  say(`ask ${store.seqLast + count}`);
  await step('append', async () => {
    await store.append(packed(texts.map((text) => Buffer.from(text))));
    say(`ack ${store.seqLast}`);
  });
}

function newestSnapshot() {
  const relativeName = `snapshots/${readdirSync(`${dir}/snapshots`).sort().at(-1)}`;
  return { path: `${dir}/${relativeName}`, relativeName };
}

const works = {
  async history() {
    let store = await open('init');
    store ??= await open('open');
    if (store === undefined) return;
    for (const bytes of [10, 900]) await append(store, 1, bytes);
    await step('rotate', () => store.rotate());
    await append(store, 3, 40);
    await step('snapshot', () => store.checkpoint());
    await append(store, 1, 500);
    await step('compact', () => compactStore(env, store, { keep: 1 }));
    await append(store, 2, 20);
    await step('close', () => store.close());
  },
  async repair() {
    const request = { mode: 'trim', readable: () => true };
    await step('repair', async () => {
      await applyRepair(env, await planRepair(env, dir, request), request, { yes: true });
    });
  },
  async backup() {
    await step('backup', () => backupStore(env, dir, `${dir}.copy`, () => new List()));
  },
  async restore() {
    await step('restore', () => restoreTo(env, newestSnapshot(), `${dir}.copy`, () => new List()));
  },
  async back() {
    const to = { snapshot: newestSnapshot().relativeName };
    await step('back', async () => applyRestore(env, dir, await planRestore(env, dir, to)));
  },
  async heal() {
    const request = { mode: 'heal', readable: () => true };
    await step('heal', async () => {
      await applyRepair(env, await planRepair(env, dir, request), request, { yes: true });
    });
  },
  async cut() {
    await step('cut', async () => applyRestore(env, dir, await planRestore(env, dir, { seq: 9 })));
  },
  async undo() {
    await step('undo', () => undoRepair(env, dir));
  },
  async salvage() {
    const left = { suffix: '.salvaging', code: 'E_SALVAGE_LEFT', what: 'a salvage' };
    const context = { env, note() {}, progress() {}, signal: new AbortController().signal };
    await step('salvage', async () => {
      const plan = await planSalvage(
        env,
        dir,
        () => true,
        async () => () => {},
      );
      const write = (folder) => writeSalvage(env, plan, folder, { readable: () => true });
      await placeNewStore(context, `${dir}.copy`, left, write);
    });
  },
  /** Until the disk takes no more. */
  async fill() {
    const store = await open('init', 1 << 20);
    for (let round = 0; round < 200 && store?.poison === undefined; round++) await append(store, 1, 700);
  },
};

say(`idle ${process.pid}`);
for await (const line of createInterface({ input: process.stdin })) {
  const { store, work, aim } = JSON.parse(line);
  [dir, ms] = [store, 0];
  if (aim) await takeAim(aim);
  await works[work]();
  say(`idle ${process.pid}`);
}

import { WalqError } from '../../../src/base/errors.ts';
import { compactStore } from '../../../src/storage/compact.ts';
import type { Store } from '../../../src/storage/store.ts';
import { packed } from '../../../src/storage/wal/records.ts';
import { simEnv } from '../../support/env.ts';
import { Prng } from '../../support/seeded-random.ts';
import { crashStates } from '../../support/sim-crash.ts';
import { SimFs } from '../../support/sim-fs.ts';
import { imageAfterKill } from '../../support/sim-image.ts';
import { type Fault, isChange, SimCrash, type SyncFailure } from '../../support/sim-ops.ts';
import { repair, trimming } from '../repair/support.ts';
import type { ListMachine } from './list-machine.ts';
import { demand, openList } from './oracle.ts';
import { item, storeDir } from './run.ts';

/** What became of one record: not answered yet or never, answered, unknown to the client, or refused for good. */
interface Asked {
  text: string;
  answer: 'none' | 'acked' | 'unknown' | 'rejected';
}

/**
 * One store through many lives of its writer, chosen by a seed: appends alone and together, rotations, checkpoints,
 * compactions, repairs, closes; calls that fail; a death at any call; a kill or a power loss after it, and the next
 * life on what is left. Each opening is held against all that was asked and answered before.
 */
export class Lives {
  readonly #prng: Prng;
  readonly #segmentBytes: number;
  readonly #aheadBytes: number;
  readonly #overlap: boolean;
  #fs: SimFs;
  #asked: Asked[] = [];
  #life = 0;
  /** What happened, for the message when a promise breaks. */
  readonly story: string[] = [];

  constructor(store: SimFs, seed: number) {
    this.#fs = new SimFs(imageAfterKill(store.root));
    this.#prng = new Prng(seed);
    this.#segmentBytes = this.#prng.pick([700, 1500, 4000]);
    this.#aheadBytes = this.#prng.pick([0, 500, 3000]);
    this.#overlap = this.#prng.chance(0.5);
  }

  async live(lives: number): Promise<void> {
    for (this.#life = 1; this.#life <= lives; this.#life++) {
      this.#plantFaults();
      let store: Store<ListMachine> | undefined;
      try {
        if (this.#prng.chance(0.15)) await this.#note('repair', this.#repair());
        store = await this.#open();
        await this.#work(store);
        if (this.#prng.chance(0.4)) await this.#note('close', store.close());
      } catch (error) {
        if (!this.#isExpected(error)) throw error;
        this.story.push(`life ends: ${error instanceof Error ? error.message : ''}`);
      }
      this.#afterlife();
    }
    this.#fs = new SimFs(this.#fs.root);
    await this.#open();
  }

  #isExpected(error: unknown): boolean {
    if (error instanceof SimCrash) return true;
    return error instanceof WalqError && (this.#fs.dead || this.#fs.log.some((op) => /^(EIO|ENOSPC)$/.test(op.result)));
  }

  async #open(): Promise<Store<ListMachine>> {
    const keepSnapshots = this.#prng.pick([1, 2]);
    const store = await openList(this.#fs, 1000 + this.#life, {
      segmentBytes: this.#segmentBytes,
      aheadBytes: this.#aheadBytes,
      overlap: this.#overlap,
      keepSnapshots,
    });
    const recovered = store.machine.items;
    const possible = this.#asked.filter(({ answer }) => answer !== 'rejected');
    const certain = possible.findLastIndex(({ answer }) => answer === 'acked') + 1;
    this.story.push(`life ${this.#life} recovers ${recovered.length} of ${certain} to ${possible.length}`);
    demand(recovered.length >= certain, 'an acknowledged record is lost');
    demand(recovered.length <= possible.length, 'a record came back that must not');
    demand(
      recovered.every((text, index) => text === possible[index]?.text),
      'records changed or moved',
    );
    const damage = store.recovery.findings.filter(({ severity }) => severity !== 'note' && severity !== 'torn');
    demand(damage.length === 0, `a crash was called damage: ${JSON.stringify(damage)}`);
    this.#asked = recovered.map((text) => ({ text, answer: 'acked' }));
    return store;
  }

  /** By hand, before anybody opens it: a torn end is what a crash leaves, and what a repair may trim. */
  async #repair(): Promise<void> {
    const env = simEnv({ fs: this.#fs, seed: 5000 + this.#life });
    await repair(env, trimming, storeDir);
  }

  async #work(store: Store<ListMachine>): Promise<void> {
    for (let steps = this.#prng.below(12); steps > 0 && store.poison === undefined; steps--) {
      const what = this.#prng.below(11);
      if (what < 5) await this.#append(store);
      else if (what < 7) await Promise.all([this.#append(store), this.#append(store), this.#append(store)]);
      else if (what < 8) await this.#note('rotate', store.rotate());
      else if (what < 9) await this.#note('checkpoint', store.checkpoint());
      else if (what < 10) await this.#note('compact', compactStore(simEnv({ fs: this.#fs }), store, { keep: 1 }));
      else await Promise.all([this.#note('checkpoint beside', store.checkpoint()), this.#append(store)]);
    }
  }

  async #append(store: Store<ListMachine>): Promise<void> {
    const count = this.#prng.pick([1, 1, 2, 3]);
    const asked = Array.from({ length: count }, (): Asked => {
      const number = this.#life * 1000 + this.#asked.length;
      return { text: item(number, this.#prng.pick([0, 20, 300, 1100])), answer: 'none' };
    });
    this.#asked.push(...asked);
    const settle = (answer: Asked['answer']): void => {
      for (const record of asked) record.answer = answer;
    };
    await this.#note(
      `append ${count}`,
      store.append(packed(asked.map(({ text }) => Buffer.from(text)))).then(
        () => settle('acked'),
        (error: unknown) => {
          const code = error instanceof WalqError ? error.code : '';
          settle(code === 'E_NO_SPACE' || code === 'E_POISONED' ? 'rejected' : 'unknown');
          throw error;
        },
      ),
    );
  }

  /** A step that may fail where a call was made to fail. */
  async #note(step: string, doing: Promise<unknown>): Promise<void> {
    this.story.push(step);
    await doing.catch((error: unknown) => {
      if (this.#fs.dead || !this.#isExpected(error)) throw error;
      this.story.push(`${step} fails: ${error instanceof WalqError ? error.code : ''}`);
    });
  }

  #plantFaults(): void {
    const prng = this.#prng;
    const nth = 1 + prng.below(60);
    const match: Fault['match'] = (op) => isChange(op.kind);
    const sync = prng.pick<SyncFailure>(['kept', 'dropped', 'reverted']);
    // A full disk shows at writes and new names; HEAD is rewritten in place.
    const growing: Fault['match'] = (op) => isChange(op.kind) && !/sync/.test(op.kind) && !op.path.endsWith('/HEAD');
    const what = prng.below(10);
    if (what < 4) this.#plant({ nth, match, die: prng.pick(['before', 'after']) });
    else if (what < 6) this.#plant({ nth, match, errno: 'EIO', sync });
    else if (what < 8)
      this.#plant({ nth: 1 + prng.below(20), match: growing, errno: 'ENOSPC', persistent: prng.chance(0.3) });
    else if (what < 9)
      this.#plant({
        nth,
        match: (op) => op.kind === 'write' && !op.path.endsWith('/HEAD'),
        short: prng.below(200) + 1,
      });
  }
  #plant(fault: Fault): void {
    this.story.push(`fault ${JSON.stringify(fault)}`);
    this.#fs.inject(fault);
  }

  /** The process is gone: what the next one finds. */
  #afterlife(): void {
    const states = [...crashStates(this.#fs, { fills: ['zero'], seed: this.#life, subsetsUpTo: 5, sectorsMax: 4 })];
    const state = this.#prng.chance(0.3) ? states[0] : this.#prng.pick(states);
    demand(state !== undefined, 'there is a state after a kill');
    this.story.push(state?.label ?? '');
    this.#fs = state?.fs ?? this.#fs;
  }
}

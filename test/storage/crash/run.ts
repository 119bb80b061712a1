import { openStore, type Store } from '../../../src/storage/store.ts';
import type { OpenOptions } from '../../../src/storage/store-options.ts';
import { packed } from '../../../src/storage/wal/records.ts';
import { type SimEnv, simEnv } from '../../support/env.ts';
import { SimFs } from '../../support/sim-fs.ts';
import { imageAfterKill } from '../../support/sim-image.ts';
import { ListMachine } from './list-machine.ts';

export const storeDir = '/store';

export type Options = Partial<OpenOptions<ListMachine>>;

/** What a client knows: everything it asked for, and how much of it was answered. In order of seq. */
export interface Client {
  issued: readonly string[];
  acked: number;
}

/** The disk as it was after one operation, with what the client knew then. */
export interface CrashPoint extends Client {
  label: string;
  /** The disk with everything un-synced still pending. */
  fs: SimFs;
}

/** One process: it opens the store, works, and leaves a copy of the disk after each of its operations. */
export class Run {
  readonly fs: SimFs;
  readonly env: SimEnv;
  readonly points: CrashPoint[] = [];
  readonly issued: string[];
  acked: number;
  #store: Store<ListMachine> | undefined;

  constructor(fs: SimFs = new SimFs(), client: Client = { issued: [], acked: 0 }, seed = 1) {
    this.fs = fs;
    this.env = simEnv({ fs, seed });
    this.issued = [...client.issued];
    this.acked = client.acked;
    const mark = (label: string): void => {
      const { issued, acked } = this;
      this.points.push({ label, fs: new SimFs(imageAfterKill(fs.root)), issued: [...issued], acked });
    };
    mark('before anything');
    fs.watch = (record) => mark(`after op ${record.op}, ${record.kind} ${record.path}`);
  }

  get opened(): boolean {
    return this.#store !== undefined;
  }
  get store(): Store<ListMachine> {
    if (this.#store === undefined) throw new Error('the store is not open');
    return this.#store;
  }

  /** What an opening serves counts as acknowledged from then on. */
  async open(options: Options = {}): Promise<this> {
    this.fs.note('opening');
    this.#store = await openStore(this.env, storeDir, {
      machine: () => new ListMachine(),
      create: true,
      pid: 1,
      ...options,
    });
    this.fs.note('opened');
    this.acked = Math.max(this.acked, this.#store.machine.items.length);
    return this;
  }

  /** One operation: its records share a frame. */
  async append(...records: string[]): Promise<void> {
    this.issued.push(...records);
    const end = this.issued.length;
    await this.store.append(packed(records.map((record) => Buffer.from(record))));
    this.acked = Math.max(this.acked, end);
    this.fs.note(`ack ${end}`);
  }

  /** Several operations at once: they share a sync. */
  async appendTogether(...records: string[]): Promise<void> {
    await Promise.all(records.map((record) => this.append(record)));
  }

  /** So many clients, each of which asks again when it is answered. */
  async appendInParallel(clients: number, times: number, bytes: number): Promise<void> {
    const client = async (): Promise<void> => {
      for (let time = 0; time < times; time++) await this.append(item(this.issued.length + 1, bytes));
    };
    await Promise.all(Array.from({ length: clients }, client));
  }

  /** Stops recording; the disk is the caller's again. */
  stop(): this {
    this.fs.watch = undefined;
    return this;
  }
}

/** A record that says which one it is, of about so many bytes. */
export function item(number: number, bytes = 0): string {
  return `item ${number} ${'abcdefghijklmnopqrstuvwxyz'[number % 26]?.repeat(bytes) ?? ''}`;
}

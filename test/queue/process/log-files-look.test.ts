import { createHash } from 'node:crypto';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { nodeFs } from '../../../src/fs/node-fs.ts';
import { logFilesOf } from '../../../src/queue/process/log-files.ts';
import { scratch } from '../../cli/run-walq.ts';

const prefix = (id: string) => createHash('sha256').update(id).digest('hex').slice(0, 16);

test('the log files of a job are those under the hash of its id, in the order of their dispatches', async () => {
  const store = scratch();
  mkdirSync(`${store}/logs`);
  const id = 'a/../b\u00e4 1';
  for (const name of [
    `${prefix(id)}-120-2.log`,
    `${prefix(id)}-9-1.log`,
    `${prefix('other')}-10-1.log`,
    `${prefix(id)}-9-1.log.tmp`,
    `x${prefix(id)}-9-1.log`,
    '9-1.log',
  ]) {
    writeFileSync(`${store}/logs/${name}`, 'said');
  }
  symlinkSync('/etc/hostname', `${store}/logs/${prefix(id)}-200-3.log`);
  expect(await logFilesOf(nodeFs, store, id)).toEqual([
    { path: `${store}/logs/${prefix(id)}-9-1.log`, dispatchSeq: 9, attempt: 1, bytes: 4 },
    { path: `${store}/logs/${prefix(id)}-120-2.log`, dispatchSeq: 120, attempt: 2, bytes: 4 },
  ]);
});

test('a store without a folder of logs has none', async () => {
  expect(await logFilesOf(nodeFs, scratch(), 'a')).toEqual([]);
});

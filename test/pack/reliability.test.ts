import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { faultTable } from '../support/fault-table.ts';
import { faultsListed, reliabilityPage } from '../support/reliability-page.ts';

const page = readFileSync(new URL('../../docs/reliability.md', import.meta.url), 'utf8');

test('the page of what was tried lists each fault of the table, in its order', () => {
  expect(faultsListed(page)).toEqual(Object.keys(faultTable));
});

test('a fault without a test is said to be not tried; counts of several tests are added up', () => {
  const made = reliabilityPage(faultTable, {
    trials: [
      { fault: 'kill-9', outcomes: { opens: 3, torn: 1 }, file: 'test/kernel/kills.test.ts' },
      { fault: 'kill-9', outcomes: { opens: 4, refused: 0 }, file: 'test/queue/run/kill.test.ts' },
    ],
    notRun: ['test/kernel/full-disk.test.ts: NOT RUN, only root can mount a small disk'],
    machine: 'here',
  });
  const rowOf = (fault: string) => made.split('\n').find((line) => line.startsWith(`| \`${fault}\` |`));
  expect(rowOf('kill-9')).toContain('| 8 — opens: 7, torn: 1 |');
  expect(rowOf('kill-9')).toContain('[kernel/kills](../test/kernel/kills.test.ts)');
  expect(rowOf('flip-bit')).toContain('**not tried**');
  expect(made).toContain(`1 of ${Object.keys(faultTable).length} kinds of faults tried, 8 cases`);
  expect(made).toContain('- test/kernel/full-disk.test.ts: NOT RUN');
  expect(faultsListed(made)).toEqual(Object.keys(faultTable));
});

import type { BenchRow, SyncTimes } from '../../commands/bench/types.ts';
import { decimal, flag, list, object, oneOf, optional, structure, text, whole } from './build.ts';
import type { Kinds } from './kind.ts';
import { exit } from './shared.ts';

const sync = structure<SyncTimes>(
  {
    samples: whole('how many syncs'),
    p50Ms: decimal('half of them took no longer, ms'),
    p99Ms: decimal('99 of 100 took no longer, ms'),
  },
  'how long the disk takes to make a write durable',
);

const row = structure<BenchRow>({
  name: text('what was measured'),
  unit: oneOf(['jobs/s', 'bytes/s', 'events/s'], 'of value and ceiling'),
  value: decimal('what walq reached, the median of the rounds'),
  ceiling: optional(decimal('the same bytes through the same calls with nothing of walq in between')),
  share: optional(decimal('value by ceiling, 0..1, the median of the rounds')),
  size: whole('of one round: jobs, bytes or events'),
});

export const benchKinds: Kinds = {
  bench: {
    answers: [
      {
        dir: text('the folder whose disk was measured'),
        inMemory: flag('it is in memory: its numbers say nothing of a disk'),
        quick: flag('with --quick: less exact'),
        machine: object(
          {
            cpu: text('its model'),
            cores: whole('how many'),
            memoryBytes: whole('of the machine, bytes'),
            node: text('version of Node'),
            platform: text('system and architecture'),
            load: decimal('runnable processes, the mean of the minute before'),
          },
          'what it was measured on',
        ),
        sync,
        rows: list(row, 'in the order of measuring'),
        exit,
      },
    ],
  },
};

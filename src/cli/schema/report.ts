import type { Sample } from '../../commands/report/types.ts';
import { flag, structure, text, whole } from './build.ts';
import type { Kinds } from './kind.ts';
import { exit, judged, logMembers, storeName } from './shared.ts';

const sample = structure<Sample>(
  {
    events: whole('that are in the page one by one'),
    eventsOf: whole('of the log'),
    jobs: whole('that are in the page'),
    jobsOf: whole('that the log knows'),
    oneIn: whole('one in this many jobs was chosen, by a hash of the id; 1: all of them'),
    tail: whole('this many last events are there whatever their job'),
    framesMerged: whole('most frames that one piece of the map stands for'),
    textsCut: whole('details that were cut short'),
  },
  'how much of the log is in the page in detail',
);

/** A page that was made; the page itself is no JSON. */
export const reportKinds: Kinds = {
  report: {
    answers: [
      {
        store: storeName,
        file: text('the page'),
        bytes: whole('of the page'),
        withPayloads: flag('payloads, results and commands of jobs are in it'),
        sample,
        ...judged,
        lost: logMembers.lost,
        lostUnknown: logMembers.lostUnknown,
        exit,
      },
    ],
  },
};

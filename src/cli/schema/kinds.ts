import { benchKinds } from './bench.ts';
import type { Kinds } from './kind.ts';
import { programKinds } from './program.ts';
import { queueChangeKinds } from './queue-change.ts';
import { queueLookKinds } from './queue-look.ts';
import { reportKinds } from './report.ts';
import { snapshotKinds } from './snapshot.ts';
import { walKinds } from './wal.ts';

/** Every kind of document: of most commands by their words, and those in `kindsApart`. */
export const kinds: Kinds = {
  ...programKinds,
  ...reportKinds,
  ...benchKinds,
  ...walKinds,
  ...snapshotKinds,
  ...queueLookKinds,
  ...queueChangeKinds,
};
